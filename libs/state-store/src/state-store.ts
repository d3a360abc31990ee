/** A value with the version that compare-and-set needs. Versions of one key only grow. */
export interface Versioned {
  readonly value: Uint8Array;
  readonly version: bigint;
}

/** What a compare-and-set found. `conflict` says what is there instead (undefined: nothing). */
export type SetResult =
  { readonly ok: true; readonly version: bigint } | { readonly ok: false; readonly conflict: Versioned | undefined };

/**
 * The one writer of a scope. Opening a scope anew fences every earlier writer of it, in this process or another:
 * their writes reject with FencedError from then on and change nothing.
 */
export interface StateWriter {
  readonly scope: string;
  /** Rises with every opening of the scope. */
  readonly epoch: bigint;

  /**
   * Writes when the key's version is `expected` (undefined: the key must not exist). Durable when it resolves.
   * @throws FencedError when another writer has opened the scope.
   */
  compareAndSet(key: string, expected: bigint | undefined, value: Uint8Array): Promise<SetResult>;

  /** Writes whatever is there. @throws FencedError */
  put(key: string, value: Uint8Array): Promise<bigint>;

  /** Removes a key; false when there was none. @throws FencedError */
  delete(key: string): Promise<boolean>;

  /** Several writes, all or none, durable when it resolves. @throws FencedError */
  putAll(entries: readonly { key: string; value: Uint8Array | undefined }[]): Promise<void>;

  close(): Promise<void>;
}

/**
 * Small durable state: settings, leases, alert state. Values of at most 256 KiB, thousands of keys, not millions.
 * A reader sees every write that was acknowledged before its call began. Also the DI token.
 */
export abstract class StateStore {
  abstract open(scope: string): Promise<StateWriter>;
  abstract get(scope: string, key: string): Promise<Versioned | undefined>;
  /** Entries whose key starts with the prefix, by key in ascending order of UTF-8 bytes. */
  abstract list(scope: string, prefix?: string): Promise<{ key: string; value: Uint8Array; version: bigint }[]>;
  abstract close(): Promise<void>;
}
