import { describe } from '@jest/globals';
import { fencingContract } from './fencing-contract.js';
import { contractRun, type StateStoreHarness } from './harness.js';
import { modelContract } from './model-contract.js';
import { writeContract } from './write-contract.js';

/**
 * What every adapter of the port promises, as Jest tests: call it in an adapter's `*.int.spec.ts`.
 * `makeHarness` is called once per test, within the test.
 */
export function stateStoreContract(
  name: string,
  makeHarness: () => StateStoreHarness | Promise<StateStoreHarness>,
): void {
  describe(`${name}: the contract of a state store`, () => {
    const run = contractRun(makeHarness);
    describe('read and write', () => writeContract(run));
    describe('fence', () => fencingContract(run));
    describe('against a model', () => modelContract(run));
  });
}
