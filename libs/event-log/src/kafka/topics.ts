import kafkajs, { type Admin, type ITopicMetadata } from 'kafkajs';
import { fullJitter, type Clock } from '#libs/time';
import { EventLogError } from '../errors.js';
import { DEFAULT_KEEP, type Durability, type LogRetention } from '../event-log.js';
import { kafkaErrorType, toEventLogError } from './kafka-errors.js';

/** How topics are made when they are missing. Existing ones keep what they have. */
export interface TopicOptions {
  /** Copies of each partition. Default 3, or as many as there are brokers. */
  readonly replicationFactor?: number;
  /** How long records are kept, ms. Default 7 days. */
  readonly retentionMs?: number;
  /** Bytes kept per partition; −1: no bound. Default −1. */
  readonly retentionBytes?: number;
}

/** Most bytes that one append may hold in one partition: 4 MiB. */
export const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
/** A topic that was just created is not known to every broker yet: how long that may last, ms. */
const CREATED_TIMEOUT_MS = 15_000;
const CREATED_BACKOFF = { baseMs: 50, capMs: 1_000 };
const NOT_YET = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE']);

/** What topics are like: partitions, copies, retention, how safe an acknowledgement is. */
export class KafkaTopics {
  readonly #partitions = new Map<string, number>();
  readonly #lookups = new Map<string, Promise<number>>();

  constructor(
    private readonly admin: () => Promise<Admin>,
    private readonly options: TopicOptions,
    private readonly clock: Clock,
    private readonly random: () => number,
  ) {}

  async ensure(topic: string, partitions: number): Promise<void> {
    try {
      // Another process may be creating it: it is listed then, and its metadata are not there yet.
      const found = await this.#metadata(topic).catch(undefinedWhenNotYet);
      if (found === undefined) await this.#create(topic, partitions);
      const count = (found ?? (await this.#created(topic))).partitions.length;
      if (count !== partitions)
        throw new EventLogError(
          'LOG_MISCONFIGURED',
          `Topic ${topic} has ${count} partitions, not ${partitions}: another count would break the order per key.`,
          false,
        );
      this.#partitions.set(topic, count);
    } catch (error) {
      throw toEventLogError(error, `Topic ${topic} could not be ensured`);
    }
  }

  /** Cached for good: the count of a topic in use never changes, since the key's partition would. */
  async partitionCount(topic: string): Promise<number> {
    const known = this.#partitions.get(topic);
    if (known !== undefined) return known;
    // One question for all appends that wait for its answer.
    let lookup = this.#lookups.get(topic);
    if (lookup === undefined) {
      lookup = this.#lookUp(topic).finally(() => this.#lookups.delete(topic));
      this.#lookups.set(topic, lookup);
    }
    return lookup;
  }

  async #lookUp(topic: string): Promise<number> {
    const found = await this.#metadata(topic).catch((error: unknown) => {
      throw toEventLogError(error, `Topic ${topic} could not be looked up`);
    });
    if (found === undefined)
      throw new EventLogError(
        'LOG_MISCONFIGURED',
        `Topic ${topic} does not exist: create it, or call ensureTopic.`,
        false,
      );
    this.#partitions.set(topic, found.partitions.length);
    return found.partitions.length;
  }

  /** Kafka cuts by whole segments, read or not: once the newest record of one is too old. */
  async retention(topic: string): Promise<LogRetention> {
    try {
      const config = await this.#config(topic);
      const bound = (name: string) => {
        const value = Number(config.get(name) ?? -1);
        return value < 0 ? Infinity : value;
      };
      return { ms: bound('retention.ms'), slackMs: bound('segment.ms'), bytes: bound('retention.bytes') };
    } catch (error) {
      throw toEventLogError(error, `Retention of ${topic} could not be looked up`);
    }
  }

  async durability(topic: string): Promise<Durability> {
    try {
      const [config, found] = [await this.#config(topic), await this.#metadata(topic)];
      const copies = Math.min(...(found?.partitions ?? []).map(({ replicas }) => replicas.length));
      const inSync = Number(config.get('min.insync.replicas') ?? 1);
      const synced = config.get('flush.messages') === '1';
      const facts = `${copies} copies, min.insync.replicas=${inSync}, flush.messages=${config.get('flush.messages')}`;
      if (config.get('unclean.leader.election.enable') === 'true')
        return { durable: false, detail: `${facts}: unclean.leader.election.enable is on; set it to false.` };
      if (copies >= 2 && inSync >= 2) return { durable: true, detail: `acks=all with ${facts}.` };
      if (synced) return { durable: true, detail: `acks=all with ${facts}: every append is synced to disk first.` };
      const remedy =
        copies >= 3 ? 'set min.insync.replicas=2' : 'use 3 copies with min.insync.replicas=2, or flush.messages=1';
      return { durable: false, detail: `${facts}: a power cut can lose acknowledged records; ${remedy} on ${topic}.` };
    } catch (error) {
      throw toEventLogError(error, `Durability of ${topic} could not be checked`);
    }
  }

  async #create(topic: string, partitions: number): Promise<void> {
    const admin = await this.admin();
    const brokers = (await admin.describeCluster()).brokers.length;
    const replicationFactor = this.options.replicationFactor ?? Math.min(3, brokers);
    const config: Record<string, string> = {
      'cleanup.policy': 'delete',
      'retention.ms': String(this.options.retentionMs ?? DEFAULT_KEEP.retentionMs),
      // A segment goes only once its newest record is too old: by default seven days later than its oldest one.
      'segment.ms': String(DEFAULT_KEEP.segmentMs),
      'retention.bytes': String(this.options.retentionBytes ?? -1),
      'max.message.bytes': String(MAX_MESSAGE_BYTES),
      // `appendedAt` is the log's own time.
      'message.timestamp.type': 'LogAppendTime',
      // Two copies make an acknowledgement safe; a single broker must sync before it answers.
      ...(replicationFactor >= 2 ? { 'min.insync.replicas': '2' } : { 'flush.messages': '1' }),
    };
    const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
    await admin
      .createTopics({
        topics: [{ topic, numPartitions: partitions, replicationFactor, configEntries }],
        // kafkajs would give up on the first broker that does not know the topic yet.
        waitForLeaders: false,
      })
      .catch((error: unknown) => {
        // Another process was quicker; kafkajs wraps one error per topic.
        if (!/TOPIC_ALREADY_EXISTS|already exists/i.test(`${kafkaErrorType(error)} ${String(error)}`)) throw error;
      });
  }

  async #created(topic: string): Promise<ITopicMetadata> {
    const began = this.clock.monotonic();
    for (let attempt = 0; ; attempt++) {
      const found = await this.#metadata(topic).catch(undefinedWhenNotYet);
      if (found?.partitions.every(({ leader }) => leader >= 0) === true) return found;
      if (this.clock.monotonic() - began > CREATED_TIMEOUT_MS)
        throw new EventLogError('LOG_UNAVAILABLE', `Topic ${topic} is not there yet.`, true);
      await this.clock.sleep(fullJitter(attempt, CREATED_BACKOFF, this.random));
    }
  }

  async #metadata(topic: string): Promise<ITopicMetadata | undefined> {
    const admin = await this.admin();
    // Asking for a topic's metadata by name would wait through kafkajs' retries when it does not exist.
    if (!(await admin.listTopics()).includes(topic)) return undefined;
    return (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0];
  }

  async #config(topic: string): Promise<Map<string, string>> {
    const admin = await this.admin();
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic }],
    });
    return new Map(resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]));
  }
}

function undefinedWhenNotYet(error: unknown): undefined {
  if (!NOT_YET.has(kafkaErrorType(error) ?? '')) throw error;
  return undefined;
}
