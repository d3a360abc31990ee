import type { Database, RootDatabase } from 'lmdb';
import type { Clock, Timer } from '#libs/time';
import { EventLogError, LogFullError } from '../errors.js';
import type { Committed, LogRecord, NewRecord, Position } from '../event-log.js';
import { Catalogue, FORMAT_MARK, toStoredRange, type MetaChange, type MetaDatabase, type Topic } from './catalogue.js';
import { freeBytes, lmdbFailure, openLmdb } from './lmdb-env.js';
import { decodeKey, decodeRecord, placeOf, type RecordKey } from './record-codec.js';
import { RoundPlan, type Retention } from './round-plan.js';

export interface LogStoreOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly retention: Retention;
  /** Appends are refused while the disk has less than this, so that commits still fit. */
  readonly minFreeBytes: number;
  readonly noSync: boolean;
}

/** One thing asked of the writer. */
type Request =
  | { readonly kind: 'append'; readonly topic: Topic; readonly records: readonly NewRecord[]; readonly bytes: number }
  /** `applied` brings memory up to what the disk has then. */
  | { readonly kind: 'change'; readonly changes: readonly MetaChange[]; readonly applied: () => void }
  | { readonly kind: 'expire' };

interface Waiting {
  readonly request: Request;
  readonly resolve: (positions: Position[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Bytes of values in one transaction at most, so that no append waits for very many others. */
const MAX_ROUND_BYTES = 32 * 2 ** 20;
const EXPIRY_INTERVAL_MS = 60_000;
const KEYS_PER_READ = 256;

/**
 * Records, ranges and commits in LMDB. There is one writer: it takes everything that was asked for since its last
 * transaction into the next one, and syncs once. Memory follows the disk, never the other way: nothing is seen by
 * readers, and no call resolves, before the sync; a failed transaction leaves no trace in either.
 */
export class LogStore {
  readonly #env: RootDatabase<unknown, string>;
  readonly #records: Database<Buffer, Buffer>;
  readonly #meta: MetaDatabase;
  readonly #listeners = new Set<(topic: string) => void>();
  readonly catalogue: Catalogue;
  #queue: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #expiry: Timer | undefined;
  #closed = false;

  private constructor(private readonly options: LogStoreOptions) {
    this.#env = openLmdb(options.path, { maxDbs: 4, noSync: options.noSync });
    this.#records = this.#env.openDB<Buffer, Buffer>({ name: 'records', keyEncoding: 'binary', encoding: 'binary' });
    this.#meta = this.#env.openDB<unknown, string[]>({ name: 'meta', encoding: 'json' });
    this.catalogue = Catalogue.load(this.#meta);
  }

  static async open(options: LogStoreOptions): Promise<LogStore> {
    const store = new LogStore(options);
    await store.change([FORMAT_MARK], () => undefined);
    store.#expireLater();
    return store;
  }

  /** Calls back after each durable append, with the topic. */
  onAppended(listener: (topic: string) => void): void {
    this.#listeners.add(listener);
  }

  /** Resolves when the records are on disk. @throws LogFullError */
  append(topic: Topic, records: readonly NewRecord[]): Promise<Position[]> {
    const bytes = records.reduce((sum, { value }) => sum + value.byteLength, 0);
    return this.#ask({ kind: 'append', topic, records, bytes });
  }

  /** Resolves when the changes are on disk; `applied` is called just before. */
  async change(changes: readonly MetaChange[], applied: () => void): Promise<void> {
    await this.#ask({ kind: 'change', changes, applied });
  }

  /** Resolves when everything asked for before is on disk or was refused. */
  async settled(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  /** Cuts what is too old. Runs by itself every minute. */
  async expire(): Promise<void> {
    await this.#ask({ kind: 'expire' });
  }

  async commit(topic: Topic, group: string, commit: Committed): Promise<void> {
    const { partition, offset, metadata } = commit;
    await this.change(
      [
        { key: ['group', topic.name, group], value: 1 },
        { key: ['commit', topic.name, group, partition], value: { offset: offset.toString(), metadata } },
      ],
      () => this.catalogue.setCommit(topic.name, group, commit),
    );
  }

  /** At most `maxRecords` records, and no more once `maxBytes` are reached; one at least when there is one. */
  read(topic: Topic, from: Position, maxRecords: number, maxBytes: number): LogRecord[] {
    const state = topic.partitions[from.partition];
    if (state === undefined) throw noPartition(topic.name, from.partition);
    const start = from.offset < state.earliest ? state.earliest : from.offset;
    const records: LogRecord[] = [];
    if (this.#closed) throw closedError();
    if (start >= state.next || maxRecords <= 0) return records;
    let bytes = 0;
    for (const { key, value } of this.#records.getRange({
      start: placeOf(topic.id, from.partition, start),
      end: placeOf(topic.id, from.partition, state.next),
      limit: maxRecords,
    })) {
      records.push(decodeRecord(key, value));
      bytes += value.length;
      if (bytes >= maxBytes) break;
    }
    return records;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#expiry?.cancel();
    await this.settled();
    await this.#env.close();
  }

  #ask(request: Request): Promise<Position[]> {
    if (this.#closed) return Promise.reject(closedError());
    return new Promise((resolve, reject) => {
      this.#queue.push({ request, resolve, reject });
      this.#writing ??= this.#writeRounds();
    });
  }

  async #writeRounds(): Promise<void> {
    // What is asked for in this turn goes into the first round together.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      let bytes = 0;
      const fit = this.#queue.findIndex(({ request }, index) => {
        bytes += request.kind === 'append' ? request.bytes : 0;
        return index > 0 && bytes > MAX_ROUND_BYTES;
      });
      await this.#writeRound(this.#queue.splice(0, fit < 0 ? this.#queue.length : fit));
    }
    // In the same turn in which the queue was found empty: whoever asks next starts the writer again.
    this.#writing = undefined;
  }

  async #writeRound(round: readonly Waiting[]): Promise<void> {
    const plan = new RoundPlan(
      this.catalogue,
      (topic, partition, from) => this.#keys(topic, partition, from),
      this.options.retention,
      this.options.clock.now(),
    );
    const planned: { waiting: Waiting; positions: Position[] }[] = [];
    for (const waiting of round)
      try {
        planned.push({ waiting, positions: this.#plan(plan, waiting.request) });
      } catch (error) {
        waiting.reject(error);
      }
    try {
      await this.#write(plan, planned);
    } catch (error) {
      const failure = await this.#asLogError(error);
      for (const { waiting } of planned) waiting.reject(failure);
      return;
    }
    for (const { topic, partition, state } of plan.ranges()) this.catalogue.setRange(topic, partition, state);
    const appended = new Set<string>();
    for (const { waiting, positions } of planned) {
      if (waiting.request.kind === 'change') waiting.request.applied();
      if (waiting.request.kind === 'append') appended.add(waiting.request.topic.name);
      waiting.resolve(positions);
    }
    for (const topic of appended) for (const listener of this.#listeners) listener(topic);
  }

  #plan(plan: RoundPlan, request: Request): Position[] {
    if (request.kind === 'expire') plan.cutExpired();
    if (request.kind !== 'append') return [];
    const free = freeBytes(this.options.path);
    if (free < this.options.minFreeBytes + request.bytes)
      throw new LogFullError(
        `The disk of ${this.options.path} has ${free} bytes left; the log takes nothing below ${this.options.minFreeBytes}. Free some space.`,
      );
    return plan.append(request.topic, request.records);
  }

  async #write(plan: RoundPlan, planned: readonly { waiting: Waiting }[]): Promise<void> {
    // A child transaction, since only that is undone when the callback throws.
    await this.#env.childTransaction(() => {
      for (const key of plan.cuts) void this.#records.remove(key);
      for (const { key, value } of plan.puts) void this.#records.put(key, value);
      for (const { topic, partition, state } of plan.ranges())
        void this.#meta.put(['range', topic, partition] as unknown as string[], toStoredRange(state));
      for (const { waiting } of planned)
        if (waiting.request.kind === 'change')
          for (const { key, value } of waiting.request.changes) {
            const place = key as unknown as string[];
            void (value === undefined ? this.#meta.remove(place) : this.#meta.put(place, value));
          }
    });
  }

  *#keys(topic: Topic, partition: number, from: bigint): Iterator<RecordKey> {
    const end = placeOf(topic.id, partition, topic.partitions[partition]!.next);
    for (let start = from; ;) {
      // Read in pieces, so that no cursor stays open while the plan is made.
      const keys = [
        ...this.#records.getKeys({ start: placeOf(topic.id, partition, start), end, limit: KEYS_PER_READ }),
      ].map(decodeKey);
      yield* keys;
      if (keys.length < KEYS_PER_READ) return;
      start = keys.at(-1)!.offset + 1n;
    }
  }

  #expireLater(): void {
    if (this.#closed) return;
    this.#expiry = this.options.clock.setTimer(
      () => {
        // What fails here fails for the appends as well, and they tell.
        void this.expire()
          .catch(() => undefined)
          .then(() => this.#expireLater());
      },
      EXPIRY_INTERVAL_MS,
      { unref: true },
    );
  }

  async #asLogError(error: unknown): Promise<EventLogError> {
    if (error instanceof EventLogError) return error;
    const { full, message, cause } = await lmdbFailure(error, this.options.path);
    return full
      ? new LogFullError(`The disk of ${this.options.path} is full (${message}). Free some space.`, { cause })
      : new EventLogError('LOG_UNAVAILABLE', `The log could not be written: ${message}.`, true, { cause });
  }
}

export function closedError(): EventLogError {
  return new EventLogError('LOG_CLOSED', 'The log is closed.', false);
}

export function noPartition(topic: string, partition: number): EventLogError {
  return new EventLogError('LOG_MISCONFIGURED', `Topic ${topic} has no partition ${partition}.`, false);
}
