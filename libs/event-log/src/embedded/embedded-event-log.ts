import { mkdirSync } from 'node:fs';
import { lockDirectory, type DirectoryLock } from '#libs/operations';
import type { Clock } from '#libs/time';
import { EventLogError } from '../errors.js';
import {
  EventLog,
  type Committed,
  type ConsumeOptions,
  type Consumption,
  type Durability,
  type LogRecord,
  type NewRecord,
  type PartitionRange,
  type Position,
} from '../event-log.js';
import { ConsumerGroup } from './consumer-group.js';
import { closedError, LogStore, type Retention } from './log-store.js';

export interface EmbeddedEventLogOptions {
  /** Directory of the log; created when it is missing, locked by this process. */
  readonly path: string;
  readonly clock: Clock;
  /** Yields [0, 1): jitter of redelivery. */
  readonly random: () => number;
  /** Default 4 GiB and 7 days. */
  readonly retention?: Partial<Retention>;
  /** How long a partition's next owner waits for a handler that is still running. Default 10,000 ms. */
  readonly handOverMs?: number;
  /** Largest record, value and headers, in bytes. Default 4 MiB. */
  readonly maxRecordBytes?: number;
}

const DEFAULT_RETENTION: Retention = { maxBytes: 4 * 2 ** 30, maxAgeMs: 7 * 86_400_000 };
const MAX_KEY_BYTES = 256;
const READ_BYTES = 16 * 2 ** 20;

/** The log on LMDB, for one process: partitions, consumer groups, retention, and a synced commit before every answer. */
export class EmbeddedEventLog extends EventLog {
  readonly #groups = new Map<string, ConsumerGroup>();
  readonly #stopListening: () => void;
  #closing: Promise<void> | undefined;

  private constructor(
    private readonly options: EmbeddedEventLogOptions,
    private readonly store: LogStore,
    private readonly lock: DirectoryLock,
  ) {
    super();
    this.#stopListening = store.onAppended((topic) => {
      for (const [key, group] of this.#groups) if (key.endsWith(`\n${topic}`)) group.wake();
    });
  }

  /** @throws DirectoryLockedError when another process has the log open. */
  static async open(options: EmbeddedEventLogOptions): Promise<EmbeddedEventLog> {
    mkdirSync(options.path, { recursive: true });
    const lock = lockDirectory(options.path);
    try {
      const store = new LogStore(options.path, options.clock, { ...DEFAULT_RETENTION, ...options.retention });
      return new EmbeddedEventLog(options, store, lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  async ensureTopic(topic: string, { partitions }: { partitions: number }): Promise<void> {
    this.#mustBeOpen();
    if (!this.store.hasTopic(topic)) return this.store.createTopic(topic, partitions);
    const found = this.store.topic(topic).partitions;
    if (found !== partitions)
      throw new EventLogError(
        'LOG_MISCONFIGURED',
        `Topic ${topic} has ${found} partitions, not ${partitions}. Keep ${found}: records of one key must stay in one partition.`,
        false,
      );
  }

  async append(topic: string, records: readonly NewRecord[]): Promise<Position[]> {
    this.#mustBeOpen();
    this.store.topic(topic);
    for (const record of records) this.#check(record);
    return records.length === 0 ? [] : this.store.append(topic, records);
  }

  async consume(options: ConsumeOptions): Promise<Consumption> {
    this.#mustBeOpen();
    const { partitions } = this.store.topic(options.topic);
    await this.store.registerGroup(options.topic, options.group);
    const key = `${options.group}\n${options.topic}`;
    let group = this.#groups.get(key);
    if (group === undefined) {
      const { clock, random, handOverMs = 10_000 } = this.options;
      group = new ConsumerGroup(partitions, { store: this.store, clock, random }, { handOverMs });
      this.#groups.set(key, group);
    }
    return group.join(options);
  }

  async committed(topic: string, group: string): Promise<Committed[]> {
    this.#mustBeOpen();
    return this.store.committed(topic, group);
  }

  async ranges(topic: string): Promise<PartitionRange[]> {
    this.#mustBeOpen();
    return this.store.ranges(topic);
  }

  async read(topic: string, from: Position, limit: number): Promise<LogRecord[]> {
    this.#mustBeOpen();
    return this.store.read(topic, from, limit, READ_BYTES);
  }

  async durability(): Promise<Durability> {
    return { durable: true, detail: 'Embedded log: every append is synced to disk before it is acknowledged.' };
  }

  /** Forgets a group's commits: it starts at the earliest record again. For tests and tools. */
  async forgetGroup(topic: string, group: string): Promise<void> {
    await this.store.forgetGroup(topic, group);
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#stopListening();
    await Promise.all([...this.#groups.values()].map((group) => group.close()));
    await this.store.close();
    this.lock.release();
  }

  #mustBeOpen(): void {
    if (this.#closing !== undefined) throw closedError();
  }

  #check(record: NewRecord): void {
    const limit = this.options.maxRecordBytes ?? 4 * 2 ** 20;
    const size = record.value.byteLength + Buffer.byteLength(JSON.stringify(record.headers));
    if (size > limit)
      throw new EventLogError(
        'RECORD_TOO_LARGE',
        `A record of ${size} bytes is over the log's limit of ${limit}. Send smaller batches.`,
        false,
      );
    if (record.key === '' || Buffer.byteLength(record.key) > MAX_KEY_BYTES)
      throw new EventLogError('RECORD_TOO_LARGE', `A record's key must have 1 to ${MAX_KEY_BYTES} bytes.`, false);
  }
}
