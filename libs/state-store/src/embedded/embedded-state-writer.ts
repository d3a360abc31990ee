import { StateStoreError } from '../errors.js';
import type { SetResult, StateWriter } from '../state-store.js';
import type { StateTransaction } from './embedded-state-store.js';
import { encodeStateKey } from './state-key.js';

const MAX_VALUE_BYTES = 256 * 1024;
/** As on Kafka, where one write is one transaction of bounded size. */
const MAX_WRITE_BYTES = 3_900_000;

interface Entry {
  readonly key: string;
  readonly value: Uint8Array | undefined;
}

/** Does work in one transaction of the scope, fenced. */
export type FencedWrite = <Answer>(work: (transaction: StateTransaction) => Answer) => Promise<Answer>;

export class EmbeddedStateWriter implements StateWriter {
  #closed = false;

  constructor(
    readonly scope: string,
    readonly epoch: bigint,
    private readonly write: FencedWrite,
  ) {}

  async compareAndSet(key: string, expected: bigint | undefined, value: Uint8Array): Promise<SetResult> {
    const [entry] = this.#checked([{ key, value }]);
    return this.write<SetResult>((transaction) => {
      const found = transaction.get(key);
      if (found?.version !== expected) return { ok: false, conflict: found };
      return { ok: true, version: transaction.put(key, entry!.value!) };
    });
  }

  async put(key: string, value: Uint8Array): Promise<bigint> {
    const [entry] = this.#checked([{ key, value }]);
    return this.write((transaction) => transaction.put(key, entry!.value!));
  }

  async delete(key: string): Promise<boolean> {
    this.#checked([{ key, value: undefined }]);
    return this.write((transaction) => {
      const found = transaction.get(key) !== undefined;
      if (found) transaction.remove(key);
      return found;
    });
  }

  async putAll(entries: readonly Entry[]): Promise<void> {
    const checked = this.#checked(entries);
    await this.write((transaction) => {
      for (const { key, value } of checked)
        if (value === undefined) transaction.remove(key);
        else transaction.put(key, value);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  /** The entries within their bounds, copied: the bytes are the caller's again at once. */
  #checked(entries: readonly Entry[]): Entry[] {
    if (this.#closed) throw new StateStoreError('STATE_CLOSED', `The writer of scope ${this.scope} is closed.`, false);
    let total = 0;
    for (const { key, value } of entries) {
      const bytes = value?.byteLength ?? 0;
      if (bytes > MAX_VALUE_BYTES)
        throw new StateStoreError('STATE_TOO_LARGE', `A value of ${bytes} bytes is over ${MAX_VALUE_BYTES}.`, false);
      total += bytes + encodeStateKey(this.scope, key).length;
    }
    if (total > MAX_WRITE_BYTES)
      throw new StateStoreError('STATE_TOO_LARGE', `A write of ${total} bytes is over ${MAX_WRITE_BYTES}.`, false);
    return entries.map(({ key, value }) => ({ key, value: value === undefined ? undefined : Uint8Array.from(value) }));
  }
}
