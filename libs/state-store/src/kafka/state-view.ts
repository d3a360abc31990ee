import { within, type Clock } from '#libs/time';
import { kafkaErrorType, type Fetched, type FetchedMessage, type KafkaReader } from '#libs/event-log/kafka';
import { StateStoreError } from '../errors.js';
import type { Versioned } from '../state-store.js';
import { decodeRecordKey } from './record-keys.js';
import { toStateStoreError } from './state-errors.js';

const FETCH_BYTES = 4 * 1024 * 1024;
/** Empty fetches in a row that say that nothing is left where compaction took the records. */
const EMPTY_FETCHES = 3;

interface Scope {
  epoch: bigint;
  readonly entries: Map<string, Versioned>;
}

/** A record of a transaction that is still open. */
export interface WatchedRecord {
  readonly offset: bigint;
  /** Whether it was committed; undefined until the view has caught up with the end of its transaction. */
  readonly committed: boolean | undefined;
}

/** The state topic as it stands, in memory. Only what committed transactions wrote is in it. */
export class StateView {
  readonly #scopes = new Map<string, Scope>();
  readonly #watched = new Map<bigint, { offset: bigint; committed: boolean | undefined }>();
  #position = 0n;
  #running: Promise<void> | undefined;
  #following: Promise<void> | undefined;

  constructor(
    private readonly reader: KafkaReader,
    private readonly topic: string,
    private readonly clock: Clock,
    /** How long brokers that do not answer, or an open transaction of another scope, may hold this one up, ms. */
    private readonly timeoutMs: number,
  ) {}

  epoch(scope: string): bigint {
    return this.#scopes.get(scope)?.epoch ?? 0n;
  }

  entries(scope: string): ReadonlyMap<string, Versioned> {
    return this.#scopes.get(scope)?.entries ?? new Map<string, Versioned>();
  }

  /** Follows a record until it is decided. Call it before its transaction can end: the view reads a record once. */
  watch(offset: bigint): WatchedRecord {
    const record = { offset, committed: undefined };
    this.#watched.set(offset, record);
    return record;
  }

  /**
   * Resolves when everything is in the view that was acknowledged before this call.
   * @throws StateStoreError, STATE_UNAVAILABLE at the latest when the time is over: what is under way goes on.
   */
  async catchUp(): Promise<void> {
    try {
      await within(this.clock, this.timeoutMs, this.#caughtUp());
    } catch (error) {
      throw toStateStoreError(error, 'The state could not be read');
    }
  }

  #caughtUp(): Promise<void> {
    if (this.#running === undefined) {
      this.#running = this.#run().finally(() => (this.#running = undefined));
      return this.#running;
    }
    // The run under way may have looked at the end before this call: another follows it, one for all who wait.
    this.#following ??= this.#running
      .catch(() => undefined)
      .then(() => {
        this.#following = undefined;
        return this.#caughtUp();
      });
    return this.#following;
  }

  async #run(): Promise<void> {
    const started = this.clock.monotonic();
    let end: bigint | undefined;
    for (let empty = 0; end === undefined || this.#position < end;) {
      const fetched = await this.#fetch();
      // A commit is acknowledged before its marker is in the log. So everything up to the end as it is now has to be
      // decided first; reading the decided part alone could miss what was acknowledged.
      end ??= fetched.highWatermark;
      this.#apply(fetched);
      empty = fetched.messages.length === 0 ? empty + 1 : 0;
      if (this.#position >= end || empty === 0) continue;
      if (fetched.lastStable < end) {
        if (this.clock.monotonic() - started > this.timeoutMs)
          throw new StateStoreError('STATE_UNAVAILABLE', 'An open transaction holds up the state topic.', true);
        await this.clock.sleep(5);
      } else if (empty >= EMPTY_FETCHES) this.#position = end;
    }
  }

  async #fetch(): Promise<Fetched> {
    try {
      return await this.reader.fetch(this.topic, 0, this.#position, {
        maxBytes: FETCH_BYTES,
        maxWaitMs: 1,
        committedOnly: true,
      });
    } catch (error) {
      if (kafkaErrorType(error) !== 'OFFSET_OUT_OF_RANGE')
        throw toStateStoreError(error, 'The state could not be read');
      const message = `${this.topic} does not hold offset ${this.#position}: it was made anew, or is not compacted only.`;
      throw new StateStoreError('STATE_MISCONFIGURED', message, false, { cause: error });
    }
  }

  #apply({ messages, abortedTransactions }: Fetched): void {
    const isAborted = abortedFilter(abortedTransactions);
    for (const message of messages) {
      const offset = BigInt(message.offset);
      if (!isAborted(message) && message.isControlRecord !== true) this.#set(message, offset);
      this.#position = offset + 1n;
    }
    // Behind the position everything is decided; what an abort left may be compacted away and is never seen.
    for (const [offset, record] of this.#watched)
      if (offset < this.#position) {
        record.committed ??= false;
        this.#watched.delete(offset);
      }
  }

  #set(message: FetchedMessage, offset: bigint): void {
    const watched = this.#watched.get(offset);
    if (watched !== undefined) watched.committed = true;
    const key = decodeRecordKey(message.key?.toString() ?? '');
    if (key === undefined) return;
    let scope = this.#scopes.get(key.scope);
    if (scope === undefined) this.#scopes.set(key.scope, (scope = { epoch: 0n, entries: new Map() }));
    if (key.kind === 'epoch') scope.epoch = BigInt(message.value?.toString() ?? 0);
    else if (message.value === null) scope.entries.delete(key.key);
    // A copy: the message is a view on the whole answer of the broker.
    else scope.entries.set(key.key, { value: Uint8Array.from(message.value), version: offset });
  }
}

/** Tells records of aborted transactions, asked in the order of offsets (Kafka's own rule for read_committed). */
function abortedFilter(transactions: Fetched['abortedTransactions']): (message: FetchedMessage) => boolean {
  const waiting = [...transactions].sort((a, b) => (BigInt(a.firstOffset) < BigInt(b.firstOffset) ? -1 : 1));
  const aborted = new Set<string>();
  return ({ offset, batchContext, isControlRecord }) => {
    while (waiting[0] !== undefined && BigInt(offset) >= BigInt(waiting[0].firstOffset))
      aborted.add(waiting.shift()!.producerId);
    if (batchContext === undefined || !batchContext.inTransaction) return false;
    const isAborted = aborted.has(batchContext.producerId);
    // A marker ends the transaction of its producer.
    if (isControlRecord === true) aborted.delete(batchContext.producerId);
    return isAborted;
  };
}
