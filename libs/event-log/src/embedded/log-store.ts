import { open, type Database, type RootDatabase } from 'lmdb';
import type { Clock } from '#libs/time';
import { EventLogError, LogFullError } from '../errors.js';
import type { Committed, LogRecord, NewRecord, PartitionRange, Position } from '../event-log.js';
import { partitionOf } from './partitioner.js';
import { decodeRecord, encodeRecord, offsetOf, recordKey } from './record-codec.js';

export interface Retention {
  /** Bytes of records held over all topics; beyond them old records that every group has read are cut. */
  readonly maxBytes: number;
  /** Age beyond which records that every group has read are cut, ms. */
  readonly maxAgeMs: number;
}

interface Topic {
  readonly id: number;
  readonly partitions: number;
}

interface PartitionState {
  earliest: bigint;
  next: bigint;
  bytes: number;
}

interface Append {
  readonly topic: string;
  readonly records: readonly NewRecord[];
  readonly resolve: (positions: Position[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Records cut in one transaction at most, so that cutting never holds up appends for long. */
const CUT_STEP = 2_000;

/** A group that consumes a topic and has committed nothing yet holds everything back. */
const NOTHING_COMMITTED = -1n;

/**
 * Records, commits and ranges in LMDB. One round writes everything that was asked for since the last one and syncs once;
 * offsets become visible, and appends resolve, only after that sync.
 */
export class LogStore {
  readonly #env: RootDatabase<Buffer, Buffer>;
  readonly #records: Database<Buffer, Buffer>;
  readonly #meta: Database<unknown, string>;
  readonly #topics = new Map<string, Topic>();
  readonly #states = new Map<string, PartitionState>();
  readonly #commits = new Map<string, { offset: bigint; metadata: string }>();
  readonly #listeners = new Set<(topic: string) => void>();
  #queue: Append[] = [];
  #writing: Promise<void> | undefined;
  #closed = false;

  constructor(
    path: string,
    private readonly clock: Clock,
    private readonly retention: Retention,
  ) {
    // The map may grow to what retention allows twice over: pages of cut records are used again, not returned.
    this.#env = open({
      path,
      keyEncoding: 'binary',
      encoding: 'binary',
      mapSize: Math.ceil((retention.maxBytes * 2 + 64 * 2 ** 20) / 4_096) * 4_096,
      maxDbs: 4,
      commitDelay: 0,
    });
    this.#records = this.#env.openDB<Buffer, Buffer>({ name: 'records', keyEncoding: 'binary', encoding: 'binary' });
    this.#meta = this.#env.openDB<unknown, string>({ name: 'meta', encoding: 'json' });
    this.#load();
  }

  topic(name: string): Topic {
    const topic = this.#topics.get(name);
    if (topic === undefined)
      throw new EventLogError(
        'LOG_MISCONFIGURED',
        `There is no topic ${name} in the log. Create it with ensureTopic first.`,
        false,
      );
    return topic;
  }

  hasTopic(name: string): boolean {
    return this.#topics.has(name);
  }

  async createTopic(name: string, partitions: number): Promise<void> {
    const topic = { id: this.#topics.size + 1, partitions };
    await this.#meta.put(`topic/${name}`, topic);
    await this.#env.flushed;
    this.#addTopic(name, topic);
  }

  /** Called after each durable append, with the topic. */
  onAppended(listener: (topic: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  append(topic: string, records: readonly NewRecord[]): Promise<Position[]> {
    if (this.#closed) return Promise.reject(closedError());
    return new Promise((resolve, reject) => {
      this.#queue.push({ topic, records, resolve, reject });
      this.#writing ??= this.#writeRounds().finally(() => (this.#writing = undefined));
    });
  }

  ranges(topic: string): PartitionRange[] {
    return Array.from({ length: this.topic(topic).partitions }, (_, partition) => {
      const { earliest, next } = this.#state(topic, partition);
      return { partition, earliest, next };
    });
  }

  /** At most `maxRecords` records and about `maxBytes` bytes from an offset on, at least one when there is one. */
  read(topic: string, from: Position, maxRecords: number, maxBytes: number): LogRecord[] {
    const { id } = this.topic(topic);
    const { earliest, next } = this.#state(topic, from.partition);
    const start = from.offset < earliest ? earliest : from.offset;
    const records: LogRecord[] = [];
    if (start >= next) return records;
    let bytes = 0;
    const range = {
      start: recordKey(id, from.partition, start),
      end: recordKey(id, from.partition, next),
      limit: maxRecords,
    };
    for (const { key, value } of this.#records.getRange(range)) {
      records.push({ ...decodeRecord(value), partition: from.partition, offset: offsetOf(key) });
      bytes += value.length;
      if (bytes >= maxBytes) break;
    }
    return records;
  }

  committed(topic: string, group: string): Committed[] {
    return this.ranges(topic).flatMap(({ partition }) => {
      const commit = this.#commits.get(commitKey(group, topic, partition));
      return commit === undefined || commit.offset === NOTHING_COMMITTED ? [] : [{ partition, ...commit }];
    });
  }

  async commit(topic: string, group: string, partition: number, offset: bigint, metadata: string): Promise<void> {
    const key = commitKey(group, topic, partition);
    await this.#meta.put(`commit/${key}`, { offset: offset.toString(), metadata });
    await this.#env.flushed;
    this.#commits.set(key, { offset, metadata });
  }

  /** From now on the group's place holds retention back, also before its first commit. */
  async registerGroup(topic: string, group: string): Promise<void> {
    for (const { partition } of this.ranges(topic))
      if (!this.#commits.has(commitKey(group, topic, partition)))
        await this.commit(topic, group, partition, NOTHING_COMMITTED, '');
  }

  /** Forgets what a group committed, as an operator or an expired broker would. */
  async forgetGroup(topic: string, group: string): Promise<void> {
    for (const { partition } of this.ranges(topic)) {
      const key = commitKey(group, topic, partition);
      await this.#meta.remove(`commit/${key}`);
      this.#commits.delete(key);
    }
    await this.#env.flushed;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#writing;
    await this.#env.flushed;
    await this.#env.close();
  }

  async #writeRounds(): Promise<void> {
    while (this.#queue.length > 0) {
      const round = this.#queue;
      this.#queue = [];
      try {
        await this.#makeRoom(round);
        const positions = await this.#write(round);
        round.forEach(({ resolve }, index) => resolve(positions[index]!));
        for (const topic of new Set(round.map((append) => append.topic)))
          for (const listener of this.#listeners) listener(topic);
      } catch (error) {
        const reason = asLogError(error);
        for (const { reject } of round) reject(reason);
      }
    }
  }

  async #write(round: readonly Append[]): Promise<Position[][]> {
    const now = this.clock.now();
    const changed = new Map<string, PartitionState>();
    const positions: Position[][] = [];
    await this.#env.transaction(() => {
      for (const { topic, records } of round) {
        const { id, partitions } = this.topic(topic);
        positions.push(
          records.map((record) => {
            const partition = partitionOf(record.key, partitions);
            const place = stateKey(topic, partition);
            const state = changed.get(place) ?? { ...this.#state(topic, partition) };
            const bytes = encodeRecord({ ...record, appendedAt: now });
            const offset = state.next;
            void this.#records.put(recordKey(id, partition, offset), bytes);
            changed.set(place, { ...state, next: offset + 1n, bytes: state.bytes + bytes.length });
            return { partition, offset };
          }),
        );
      }
      for (const [place, state] of changed) void this.#meta.put(`range/${place}`, storedState(state));
    });
    await this.#env.flushed;
    for (const [place, state] of changed) this.#states.set(place, state);
    return positions;
  }

  async #makeRoom(round: readonly Append[]): Promise<void> {
    const wanted = round.reduce(
      (sum, { records }) => sum + records.reduce((all, { value }) => all + value.byteLength, 0),
      0,
    );
    await this.#cutExpired();
    while (this.#totalBytes() + wanted > this.retention.maxBytes) {
      const cut = await this.#cut(() => true);
      if (cut === 0)
        throw new LogFullError(
          `The log holds ${this.#totalBytes()} bytes that have not been read yet; its bound is ${this.retention.maxBytes}. ` +
            'It takes more as soon as the aggregator has caught up.',
        );
    }
  }

  /** Looks at the oldest record of each partition only: cheap when there is nothing to cut. */
  async #cutExpired(): Promise<void> {
    const oldest = this.clock.now() - this.retention.maxAgeMs;
    await this.#cut((bytes) => decodeRecord(bytes).appendedAt < oldest);
  }

  /** Cuts records that every group has read, oldest offsets first, while `expired` says so. Returns how many. */
  async #cut(expired: (bytes: Buffer) => boolean): Promise<number> {
    let cut = 0;
    for (const [name, { id, partitions }] of this.#topics)
      for (let partition = 0; partition < partitions; partition++) {
        const state = this.#state(name, partition);
        const end = this.#slowest(name, partition);
        const keys: Buffer[] = [];
        let bytes = 0;
        for (const { key, value } of this.#records.getRange({
          start: recordKey(id, partition, state.earliest),
          end: recordKey(id, partition, end > state.earliest ? end : state.earliest),
          limit: CUT_STEP,
        })) {
          if (!expired(value)) break;
          keys.push(key);
          bytes += value.length;
        }
        if (keys.length === 0) continue;
        const after = { earliest: state.earliest + BigInt(keys.length), next: state.next, bytes: state.bytes - bytes };
        await this.#env.transaction(() => {
          for (const key of keys) void this.#records.remove(key);
          void this.#meta.put(`range/${stateKey(name, partition)}`, storedState(after));
        });
        this.#states.set(stateKey(name, partition), after);
        cut += keys.length;
      }
    return cut;
  }

  /** The offset up to which every group has read; without any group, the end. */
  #slowest(topic: string, partition: number): bigint {
    let slowest = this.#state(topic, partition).next;
    const suffix = `\n${topic}\n${partition}`;
    for (const [key, { offset }] of this.#commits) if (key.endsWith(suffix) && offset < slowest) slowest = offset;
    return slowest;
  }

  #totalBytes(): number {
    let total = 0;
    for (const { bytes } of this.#states.values()) total += bytes;
    return total;
  }

  #state(topic: string, partition: number): PartitionState {
    const state = this.#states.get(stateKey(topic, partition));
    if (state === undefined)
      throw new EventLogError('LOG_MISCONFIGURED', `Topic ${topic} has no partition ${partition}.`, false);
    return state;
  }

  #addTopic(name: string, topic: Topic): void {
    this.#topics.set(name, topic);
    for (let partition = 0; partition < topic.partitions; partition++) {
      const place = stateKey(name, partition);
      const stored = this.#meta.get(`range/${place}`) as { earliest: string; next: string; bytes: number } | undefined;
      this.#states.set(place, {
        earliest: BigInt(stored?.earliest ?? 0),
        next: BigInt(stored?.next ?? 0),
        bytes: stored?.bytes ?? 0,
      });
    }
  }

  #load(): void {
    for (const { key, value } of this.#meta.getRange({ start: 'topic/', end: 'topic0' }))
      this.#addTopic(key.slice('topic/'.length), value as Topic);
    for (const { key, value } of this.#meta.getRange({ start: 'commit/', end: 'commit0' })) {
      const { offset, metadata } = value as { offset: string; metadata: string };
      this.#commits.set(key.slice('commit/'.length), { offset: BigInt(offset), metadata });
    }
  }
}

export function closedError(): EventLogError {
  return new EventLogError('LOG_CLOSED', 'The log has been closed.', false);
}

function storedState({ earliest, next, bytes }: PartitionState): object {
  return { earliest: earliest.toString(), next: next.toString(), bytes };
}

function stateKey(topic: string, partition: number): string {
  return `${topic}\n${partition}`;
}

function commitKey(group: string, topic: string, partition: number): string {
  return `${group}\n${topic}\n${partition}`;
}

function asLogError(error: unknown): Error {
  if (error instanceof EventLogError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (/MDB_MAP_FULL|ENOSPC|No space left/i.test(message))
    return new LogFullError(`The log's disk or its map is full (${message}). Free space, or lower retention.`, {
      cause: error,
    });
  return new EventLogError('LOG_UNAVAILABLE', `The log could not be written: ${message}`, true, { cause: error });
}
