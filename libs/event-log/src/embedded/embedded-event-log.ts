import { lockDirectory, type DirectoryLock } from '#libs/operations';
import type { Clock } from '#libs/time';
import { EventLogError } from '../errors.js';
import {
  DEFAULT_KEEP,
  EventLog,
  MAX_READ_BYTES,
  type Committed,
  type ConsumeOptions,
  type Consumption,
  type Durability,
  type LogRecord,
  type LogRetention,
  type NewRecord,
  type PartitionRange,
  type Position,
} from '../event-log.js';
import { ConsumerGroup } from './consumer-group.js';
import { closedError, LogStore } from './log-store.js';
import type { Retention } from './round-plan.js';

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
  /** Appends are refused while the disk has less than this, bytes. Default 64 MiB. */
  readonly minFreeBytes?: number;
  /** Leaves syncing to the operating system: an acknowledged append may be lost with the machine, not with the process. Default false. */
  readonly noSync?: boolean;
}

const DEFAULT_RETENTION: Retention = { maxBytes: 4 * 2 ** 30, maxAgeMs: DEFAULT_KEEP.retentionMs };
const MAX_KEY_BYTES = 256;
const MAX_NAME_BYTES = 249;
const MAX_PARTITIONS = 1_024;

/**
 * The log on LMDB, for one process: partitions, consumer groups within the process, retention, and a synced commit
 * before every answer.
 *
 * Retention cuts the oldest records first, and none that a group which ever consumed the topic has not committed; when
 * that leaves no room, appends reject with LogFullError.
 */
export class EmbeddedEventLog extends EventLog {
  readonly #groups = new Map<string, Map<string, ConsumerGroup>>();
  #creating: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;

  private constructor(
    private readonly options: EmbeddedEventLogOptions,
    private readonly store: LogStore,
    private readonly lock: DirectoryLock,
  ) {
    super();
    store.onAppended((topic) => {
      for (const group of this.#groups.get(topic)?.values() ?? []) group.wake();
    });
  }

  /** @throws DirectoryLockedError when another process, or this one, has the log open. */
  static async open(options: EmbeddedEventLogOptions): Promise<EmbeddedEventLog> {
    const lock = lockDirectory(options.path);
    try {
      const store = await LogStore.open({
        path: options.path,
        clock: options.clock,
        retention: { ...DEFAULT_RETENTION, ...options.retention },
        minFreeBytes: options.minFreeBytes ?? 64 * 2 ** 20,
        noSync: options.noSync ?? false,
      });
      return new EmbeddedEventLog(options, store, lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  async ensureTopic(topic: string, { partitions }: { partitions: number }): Promise<void> {
    this.#mustBeOpen();
    checkName('topic', topic);
    if (!Number.isInteger(partitions) || partitions < 1 || partitions > MAX_PARTITIONS)
      throw misconfigured(`A topic has 1 to ${MAX_PARTITIONS} partitions, not ${partitions}.`);
    // One at a time: ids are given in order.
    const created = this.#creating.then(() => this.#create(topic, partitions));
    this.#creating = created.catch(() => undefined);
    await created;
    const found = this.store.catalogue.topic(topic).partitions.length;
    if (found !== partitions)
      throw misconfigured(
        `Topic ${topic} has ${found} partitions, not ${partitions}. Keep ${found}: records of one key must stay in one partition.`,
      );
  }

  async append(topic: string, records: readonly NewRecord[]): Promise<Position[]> {
    this.#mustBeOpen();
    const found = this.store.catalogue.topic(topic);
    for (const record of records) this.#check(record);
    return records.length === 0 ? [] : this.store.append(found, records);
  }

  async consume(options: ConsumeOptions): Promise<Consumption> {
    this.#mustBeOpen();
    checkName('group', options.group);
    const { catalogue } = this.store;
    const topic = catalogue.topic(options.topic);
    // From now on the group holds retention back, also before its first commit.
    if (!topic.groups.has(options.group)) {
      const change = { key: ['group', topic.name, options.group], value: 1 } as const;
      await this.store.change([change], () => catalogue.register(topic.name, options.group));
      this.#mustBeOpen();
    }
    const groups = this.#groups.get(topic.name) ?? new Map<string, ConsumerGroup>();
    this.#groups.set(topic.name, groups);
    let group = groups.get(options.group);
    if (group === undefined) {
      const { clock, random, handOverMs = 10_000 } = this.options;
      group = new ConsumerGroup({ store: this.store, topic, clock, random }, handOverMs);
      groups.set(options.group, group);
    }
    return group.join(options);
  }

  async committed(topic: string, group: string): Promise<Committed[]> {
    this.#mustBeOpen();
    return this.store.catalogue.committed(topic, group);
  }

  async ranges(topic: string): Promise<PartitionRange[]> {
    this.#mustBeOpen();
    const { partitions } = this.store.catalogue.topic(topic);
    return partitions.map(({ earliest, next }, partition) => ({ partition, earliest, next }));
  }

  async read(topic: string, from: Position, limit: number): Promise<LogRecord[]> {
    this.#mustBeOpen();
    return this.store.read(this.store.catalogue.topic(topic), from, limit, MAX_READ_BYTES);
  }

  async durability(): Promise<Durability> {
    return this.options.noSync === true
      ? {
          durable: false,
          detail: 'Embedded log with noSync: a crash of the machine may lose appends. Turn noSync off.',
        }
      : { durable: true, detail: 'Embedded log: every append is synced to disk before it is acknowledged.' };
  }

  async retention(): Promise<LogRetention> {
    const { maxAgeMs, maxBytes } = { ...DEFAULT_RETENTION, ...this.options.retention };
    return { ms: maxAgeMs, slackMs: 0, bytes: maxBytes };
  }

  /** Bytes of records held over all topics, and the most that are taken. */
  usage(): { readonly bytes: number; readonly maxBytes: number } {
    const { maxBytes } = { ...DEFAULT_RETENTION, ...this.options.retention };
    return { bytes: this.store.catalogue.totalBytes, maxBytes };
  }

  /**
   * Forgets a group and what it committed: it holds retention back no longer, and starts at the earliest record when it
   * comes again. @throws EventLogError LOG_MISCONFIGURED while it has consumers.
   */
  async forgetGroup(topic: string, group: string): Promise<void> {
    this.#mustBeOpen();
    const { catalogue } = this.store;
    const { partitions } = catalogue.topic(topic);
    if ((this.#groups.get(topic)?.get(group)?.size ?? 0) > 0)
      throw misconfigured(`Group ${group} consumes ${topic} right now. Stop its consumers first.`);
    const commits = partitions.map((_, partition) => ({ key: ['commit', topic, group, partition] as const }));
    await this.store.change([{ key: ['group', topic, group] }, ...commits], () => catalogue.forget(topic, group));
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    const groups = [...this.#groups.values()].flatMap((byName) => [...byName.values()]);
    await Promise.all(groups.map((group) => group.close()));
    await this.store.close();
    this.lock.release();
  }

  async #create(topic: string, partitions: number): Promise<void> {
    const { catalogue } = this.store;
    if (catalogue.find(topic) !== undefined) return;
    const id = catalogue.nextTopicId;
    await this.store.change([{ key: ['topic', topic], value: { id, partitions } }], () =>
      catalogue.addTopic(topic, id, partitions),
    );
  }

  #mustBeOpen(): void {
    if (this.#closing !== undefined) throw closedError();
  }

  #check({ key, value, headers }: NewRecord): void {
    const limit = this.options.maxRecordBytes ?? 4 * 2 ** 20;
    const size = value.byteLength + headerBytes(headers);
    if (size > limit)
      throw tooLarge(`A record of ${size} bytes is over the log's limit of ${limit}. Send smaller batches.`);
    if (Buffer.byteLength(key) > MAX_KEY_BYTES) throw tooLarge(`A record's key is over ${MAX_KEY_BYTES} bytes.`);
  }
}

function headerBytes(headers: Readonly<Record<string, string>>): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(headers)) bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
  return bytes;
}

function checkName(what: string, name: string): void {
  if (!/^[\w.:-]+$/.test(name) || name.length > MAX_NAME_BYTES)
    throw misconfigured(`A ${what}'s name has 1 to ${MAX_NAME_BYTES} letters, digits and . _ : -, unlike "${name}".`);
}

function misconfigured(message: string): EventLogError {
  return new EventLogError('LOG_MISCONFIGURED', message, false);
}

function tooLarge(message: string): EventLogError {
  return new EventLogError('RECORD_TOO_LARGE', message, false);
}
