import { describe } from '@jest/globals';
import { appendContract } from './append-contract.js';
import { consumeContract } from './consume-contract.js';
import { contractRun, type EventLogHarness } from './harness.js';
import { rebalanceContract } from './rebalance-contract.js';

/**
 * What every adapter of the port promises, as Jest tests: call it in an adapter's `*.int.spec.ts`.
 * `makeHarness` is called once per test, within the test.
 */
export function eventLogContract(name: string, makeHarness: () => EventLogHarness | Promise<EventLogHarness>): void {
  describe(`${name}: the contract of an event log`, () => {
    const run = contractRun(makeHarness);
    describe('append and read', () => appendContract(run));
    describe('consume and commit', () => consumeContract(run));
    describe('share partitions', () => rebalanceContract(run));
  });
}
