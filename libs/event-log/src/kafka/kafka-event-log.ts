import type { Admin, Kafka } from 'kafkajs';
import type { Clock } from '#libs/time';
import { EventLogError } from '../errors.js';
import {
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
import { sizeOf } from './append-records.js';
import { KafkaAppender } from './appender.js';
import { kafkaClient, type KafkaConnection } from './client.js';
import { KafkaConsumption } from './consumption.js';
import { kafkaErrorType, toEventLogError } from './kafka-errors.js';
import { KafkaReader } from './reader.js';
import { toLogRecord } from './records.js';
import { KafkaTopics, MAX_MESSAGE_BYTES, type TopicOptions } from './topics.js';

export interface KafkaEventLogOptions extends KafkaConnection {
  readonly clock: Clock;
  /** Yields `[0, 1)`; for jitter. */
  readonly random: () => number;
  /** For topics that `ensureTopic` makes. */
  readonly topics?: TopicOptions;
  /** How long an append waits for company, ms, 0 to 5. Default 1. */
  readonly lingerMs?: number;
  /** How long an append may take until it is rejected, ms. Default 10,000. */
  readonly deliveryTimeoutMs?: number;
  /** After which silence the group gives a consumer's partitions to others, ms. Default 10,000. */
  readonly sessionTimeoutMs?: number;
  /** Longest wait of a fetch that finds nothing, ms. Default 100. */
  readonly maxWaitMs?: number;
  /** How long `consume` tries again when the group cannot be joined yet, ms. Default 30,000. */
  readonly joinTimeoutMs?: number;
  /** Most bytes that appends hold until they settle; more are rejected as LOG_UNAVAILABLE. Default 64 MiB. */
  readonly maxQueueBytes?: number;
}

/** Of one fetch. */
const FETCH_BYTES = 4 * 1024 * 1024;

/** The log on Apache Kafka, through kafkajs. */
export class KafkaEventLog extends EventLog {
  readonly #kafka: Kafka;
  readonly #topics: KafkaTopics;
  readonly #appender: KafkaAppender;
  readonly #reader: KafkaReader;
  readonly #consumptions = new Set<Promise<Consumption>>();
  readonly #closing = new AbortController();
  #admin: Promise<Admin> | undefined;
  #closed: Promise<void> | undefined;

  private constructor(private readonly options: KafkaEventLogOptions) {
    super();
    this.#kafka = kafkaClient(options);
    this.#topics = new KafkaTopics(() => this.#connectedAdmin(), options.topics ?? {}, options.clock, options.random);
    this.#reader = new KafkaReader(this.#kafka);
    this.#appender = new KafkaAppender(this.#kafka, (topic) => this.#topics.partitionCount(topic), {
      clock: options.clock,
      random: options.random,
      lingerMs: options.lingerMs ?? 1,
      deliveryTimeoutMs: options.deliveryTimeoutMs ?? 10_000,
      maxRequestBytes: 1024 * 1024,
      maxBatchBytes: MAX_MESSAGE_BYTES,
      maxQueueBytes: options.maxQueueBytes ?? 64 * 1024 * 1024,
    });
  }

  /** Connects. @throws EventLogError LOG_UNAVAILABLE when no broker answers. */
  static async open(options: KafkaEventLogOptions): Promise<KafkaEventLog> {
    const log = new KafkaEventLog(options);
    await log.#ask('Connecting', async (admin) => admin.describeCluster());
    return log;
  }

  async ensureTopic(topic: string, { partitions }: { partitions: number }): Promise<void> {
    this.#checkOpen();
    return this.#topics.ensure(topic, partitions);
  }

  append(topic: string, records: readonly NewRecord[]): Promise<Position[]> {
    return this.#appender.append(topic, records);
  }

  async consume(options: ConsumeOptions): Promise<Consumption> {
    this.#checkOpen();
    const { clock, random, sessionTimeoutMs = 10_000, maxWaitMs = 100, joinTimeoutMs = 30_000 } = this.options;
    const consumption = KafkaConsumption.start(
      this.#kafka,
      options,
      { clock, random, sessionTimeoutMs, maxWaitMs, joinTimeoutMs, closing: this.#closing.signal },
      () => this.#locate(options.topic, options.group),
    );
    this.#consumptions.add(consumption);
    try {
      return await consumption;
    } catch (error) {
      this.#consumptions.delete(consumption);
      throw error;
    }
  }

  committed(topic: string, group: string): Promise<Committed[]> {
    return this.#ask(`Commits of ${group}`, async (admin) => {
      const [found] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
      return (found?.partitions ?? [])
        .map(({ partition, offset, metadata }) => ({ partition, offset: BigInt(offset), metadata: metadata ?? '' }))
        .filter(({ offset }) => offset >= 0n)
        .sort((a, b) => a.partition - b.partition);
    });
  }

  ranges(topic: string): Promise<PartitionRange[]> {
    return this.#ask(`Ranges of ${topic}`, async (admin) => {
      const found = await admin.fetchTopicOffsets(topic);
      return found
        .map(({ partition, low, high }) => ({ partition, earliest: BigInt(low), next: BigInt(high) }))
        .sort((a, b) => a.partition - b.partition);
    });
  }

  async read(topic: string, from: Position, limit: number): Promise<LogRecord[]> {
    this.#checkOpen();
    const records: LogRecord[] = [];
    const isFull = () => records.length >= limit || bytes >= MAX_READ_BYTES;
    let bytes = 0;
    try {
      for (let offset = from.offset; !isFull();) {
        const fetched = await this.#fetchHeld(topic, from.partition, offset);
        for (const message of fetched.messages) {
          if (isFull()) break;
          const record = toLogRecord(from.partition, message);
          records.push(record);
          bytes += sizeOf(record);
        }
        const last = fetched.messages.at(-1);
        if (last === undefined) break;
        offset = BigInt(last.offset) + 1n;
        if (offset >= fetched.highWatermark) break;
      }
    } catch (error) {
      throw toEventLogError(error, `Reading ${topic} failed`);
    }
    return records;
  }

  async durability(topic: string): Promise<Durability> {
    this.#checkOpen();
    return this.#topics.durability(topic);
  }

  async retention(topic: string): Promise<LogRetention> {
    this.#checkOpen();
    return this.#topics.retention(topic);
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    const consumptions = [...this.#consumptions].map((one) =>
      one.then(
        (joined) => joined.close(),
        // Its caller has the failure.
        () => undefined,
      ),
    );
    await Promise.all([...consumptions, this.#appender.close()]);
    await this.#reader.close();
    const admin = await this.#admin?.catch(() => undefined);
    await admin?.disconnect().catch(() => undefined);
  }

  /** A fetch from the offset, or from the earliest one held when that is gone. */
  async #fetchHeld(topic: string, partition: number, offset: bigint) {
    const options = { maxBytes: FETCH_BYTES, maxWaitMs: 1 };
    try {
      return await this.#reader.fetch(topic, partition, offset, options);
    } catch (error) {
      if (kafkaErrorType(error) !== 'OFFSET_OUT_OF_RANGE') throw error;
      const range = (await this.ranges(topic)).find((one) => one.partition === partition);
      if (range === undefined || offset >= range.next) return { messages: [], highWatermark: range?.next ?? 0n };
      return this.#reader.fetch(topic, partition, range.earliest, options);
    }
  }

  /** Where a group starts: at its commit while the log still holds that place, else at the earliest record. */
  async #locate(topic: string, group: string) {
    const [ranges, committed] = [await this.ranges(topic), await this.committed(topic, group)];
    return new Map(
      ranges.map(({ partition, earliest, next }) => {
        const found = committed.find((one) => one.partition === partition);
        const valid = found !== undefined && found.offset >= earliest && found.offset <= next ? found : undefined;
        return [partition, { committed: valid, start: valid?.offset ?? earliest }];
      }),
    );
  }

  async #ask<Answer>(what: string, question: (admin: Admin) => Promise<Answer>): Promise<Answer> {
    this.#checkOpen();
    try {
      return await question(await this.#connectedAdmin());
    } catch (error) {
      throw toEventLogError(error, `${what} failed`);
    }
  }

  async #connectedAdmin(): Promise<Admin> {
    this.#admin ??= (async () => {
      const admin = this.#kafka.admin();
      await admin.connect();
      return admin;
    })();
    try {
      return await this.#admin;
    } catch (error) {
      this.#admin = undefined;
      throw error;
    }
  }

  #checkOpen(): void {
    if (this.#closed !== undefined) throw new EventLogError('LOG_CLOSED', 'The log is closed.', false);
  }
}
