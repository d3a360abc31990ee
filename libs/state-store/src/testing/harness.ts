import { it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { StateStore } from '../state-store.js';

/** One store to be tested, and how to treat it. */
export interface StateStoreHarness {
  /** Opens the store under test; every call is another reader and writer of the same state. The suite closes it. */
  open(): Promise<StateStore>;
  /** Ends what `open` does not end: directories, clients. */
  dispose?(): Promise<void>;
}

export interface Subject {
  readonly store: StateStore;
  /** A scope not used before. */
  readonly scope: string;
  /** The same state through another store: what another process would have. */
  another(): Promise<StateStore>;
}

export type ContractRun = (name: string, test: (subject: Subject) => Promise<void>) => void;

const TIMEOUT_MS = 60_000;

export function contractRun(makeHarness: () => StateStoreHarness | Promise<StateStoreHarness>): ContractRun {
  return (name, test) =>
    it(
      name,
      async () => {
        const harness = await makeHarness();
        const opened: StateStore[] = [];
        const another = async () => {
          const store = await harness.open();
          opened.push(store);
          return store;
        };
        try {
          await test({ store: await another(), scope: `scope-${randomUUID()}`, another });
        } finally {
          await Promise.all(opened.map((store) => store.close()));
          await harness.dispose?.();
        }
      },
      TIMEOUT_MS,
    );
}

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function text(value: Uint8Array | undefined): string | undefined {
  return value && new TextDecoder().decode(value);
}
