import { lmdbFailure } from '#libs/event-log/embedded';
import { FencedError, StateStoreError } from '../errors.js';
import { StateStore, type StateWriter, type Versioned } from '../state-store.js';
import { EmbeddedStateWriter } from './embedded-state-writer.js';
import { shareEnvironment, type StateEnvironment } from './state-environment.js';
import { decodeStateKey, encodeStateKey, endOfPrefix } from './state-key.js';

export interface EmbeddedStateStoreOptions {
  /** Directory of the store; created when it is missing. Several stores and processes may have it open. */
  readonly path: string;
}

const VERSION_BYTES = 8;

/** What a write transaction can do. */
export interface StateTransaction {
  get(key: string): Versioned | undefined;
  put(key: string, value: Uint8Array): bigint;
  remove(key: string): void;
}

/**
 * State on LMDB. Several processes may share it: LMDB has one write transaction at a time over all of them, and each
 * looks at the scope's epoch first, so that a writer that was overtaken changes nothing.
 */
export class EmbeddedStateStore extends StateStore {
  readonly #environment: StateEnvironment;
  readonly #release: () => Promise<void>;
  readonly #writing = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  private constructor(private readonly path: string) {
    super();
    const { environment, release } = shareEnvironment(path);
    this.#environment = environment;
    this.#release = release;
  }

  static async open({ path }: EmbeddedStateStoreOptions): Promise<EmbeddedStateStore> {
    return new EmbeddedStateStore(path);
  }

  async open(scope: string): Promise<StateWriter> {
    // Also checks the scope's length.
    encodeStateKey(scope, '');
    const epoch = await this.#transaction(() => this.#environment.versions.raiseEpoch(scope));
    return new EmbeddedStateWriter(scope, epoch, (work) => this.#write(scope, epoch, work));
  }

  async get(scope: string, key: string): Promise<Versioned | undefined> {
    const place = encodeStateKey(scope, key);
    this.#refresh();
    return fromStored(this.#environment.entries.get(place));
  }

  async list(scope: string, prefix = ''): Promise<{ key: string; value: Uint8Array; version: bigint }[]> {
    const start = encodeStateKey(scope, prefix);
    const end = endOfPrefix(start);
    this.#refresh();
    // One read transaction for the whole range: all of a write or nothing of it.
    const range = this.#environment.entries.getRange({ start, ...(end && { end }) });
    return Array.from(range, ({ key, value }) => ({ key: decodeStateKey(key).key, ...fromStored(value)! }));
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#writing);
    await this.#release();
  }

  /** Does `work` in one synced transaction, unless another writer has opened the scope since. */
  #write<Answer>(scope: string, epoch: bigint, work: (transaction: StateTransaction) => Answer): Promise<Answer> {
    const { entries, versions } = this.#environment;
    return this.#transaction(() => {
      const current = versions.epoch(scope);
      if (current !== epoch)
        throw new FencedError(`Scope ${scope} was opened by another writer (epoch ${current}, this one ${epoch}).`);
      return work({
        get: (key) => fromStored(entries.get(encodeStateKey(scope, key))),
        put: (key, value) => {
          const version = versions.next();
          void entries.put(encodeStateKey(scope, key), toStored(version, value));
          return version;
        },
        remove: (key) => void entries.remove(encodeStateKey(scope, key)),
      });
    });
  }

  async #transaction<Answer>(work: () => Answer): Promise<Answer> {
    this.#mustBeOpen();
    // A child transaction, since only that is undone when the callback throws.
    const done = this.#environment.root.childTransaction(work);
    this.#writing.add(done);
    try {
      return await done;
    } catch (error) {
      if (error instanceof StateStoreError) throw error;
      const { full, message, cause } = await lmdbFailure(error, this.path);
      const what = full ? `The disk of ${this.path} is full` : 'The state could not be written';
      throw new StateStoreError('STATE_UNAVAILABLE', `${what} (${message}).`, true, { cause });
    } finally {
      this.#writing.delete(done);
    }
  }

  /** LMDB keeps a read transaction for a while: without this, another process's writes would be seen late. */
  #refresh(): void {
    this.#mustBeOpen();
    this.#environment.root.resetReadTxn();
  }

  #mustBeOpen(): void {
    if (this.#closing !== undefined) throw new StateStoreError('STATE_CLOSED', 'The state store is closed.', false);
  }
}

function toStored(version: bigint, value: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(VERSION_BYTES + value.byteLength);
  bytes.writeBigUInt64BE(version, 0);
  bytes.set(value, VERSION_BYTES);
  return bytes;
}

function fromStored(bytes: Buffer | undefined): Versioned | undefined {
  if (bytes === undefined) return undefined;
  // A copy: the receiver may change it.
  return { version: bytes.readBigUInt64BE(0), value: Uint8Array.prototype.slice.call(bytes, VERSION_BYTES) };
}
