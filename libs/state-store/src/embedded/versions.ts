import type { Database, RootDatabase } from 'lmdb';

/** The counters of a store: an epoch per scope, and one version for all keys, so that a version never comes twice. */
export class Versions {
  readonly #counters: Database<string, string[]>;

  constructor(env: RootDatabase<unknown, string>) {
    this.#counters = env.openDB<string, string[]>({ name: 'counters', encoding: 'json' });
  }

  epoch(scope: string): bigint {
    return BigInt(this.#counters.get(['epoch', scope]) ?? 0);
  }

  /** Within a write transaction. */
  raiseEpoch(scope: string): bigint {
    return this.#raise(['epoch', scope]);
  }

  /** Within a write transaction. */
  next(): bigint {
    return this.#raise(['version']);
  }

  #raise(key: string[]): bigint {
    const raised = BigInt(this.#counters.get(key) ?? 0) + 1n;
    void this.#counters.put(key, raised.toString());
    return raised;
  }
}
