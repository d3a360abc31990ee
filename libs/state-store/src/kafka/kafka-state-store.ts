import type { Kafka } from 'kafkajs';
import { STATE_TOPIC } from '#libs/contracts';
import { kafkaClient, KafkaReader, type KafkaConnection } from '#libs/event-log/kafka';
import type { Clock } from '#libs/time';
import { StateStoreError } from '../errors.js';
import { StateStore, type StateWriter, type Versioned } from '../state-store.js';
import { KafkaStateWriter } from './kafka-state-writer.js';
import { toStateStoreError } from './state-errors.js';
import { ensureStateTopic } from './state-topic.js';
import { StateView } from './state-view.js';

export interface KafkaStateStoreOptions extends KafkaConnection {
  /** A compacted topic with one partition; made when it is missing. Default STATE_TOPIC. */
  readonly topic?: string;
  readonly clock: Clock;
  /** Yields `[0, 1)`; for jitter. */
  readonly random: () => number;
  /** Copies of the topic when it is made. Default 3, or as many as there are brokers. */
  readonly replicationFactor?: number;
  /** How long a call may take while the brokers do not answer, ms. Default 15,000. */
  readonly timeoutMs?: number;
}

/**
 * State on a compacted topic, written in transactions. Every read first catches up with the end of the topic: one fetch,
 * 1 to 3 ms. A version is the offset of the record.
 */
export class KafkaStateStore extends StateStore {
  readonly #writers = new Set<KafkaStateWriter>();
  #closed: Promise<void> | undefined;

  private constructor(
    private readonly kafka: Kafka,
    private readonly reader: KafkaReader,
    private readonly view: StateView,
    private readonly options: Required<Pick<KafkaStateStoreOptions, 'topic' | 'clock' | 'random' | 'timeoutMs'>>,
  ) {
    super();
  }

  /** Connects, makes the topic when it is missing, and reads it. @throws StateStoreError */
  static async open(options: KafkaStateStoreOptions): Promise<KafkaStateStore> {
    const { topic = STATE_TOPIC, timeoutMs = 15_000, clock, random } = options;
    const kafka = kafkaClient(options);
    const admin = kafka.admin();
    const reader = new KafkaReader(kafka);
    try {
      await admin.connect();
      await ensureStateTopic(admin, topic, options.replicationFactor);
      const view = new StateView(reader, topic, clock, timeoutMs);
      await view.catchUp();
      return new KafkaStateStore(kafka, reader, view, { topic, clock, random, timeoutMs });
    } catch (error) {
      await reader.close();
      throw toStateStoreError(error, `State topic ${topic} could not be opened`);
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
  }

  async open(scope: string): Promise<StateWriter> {
    this.#checkOpen();
    const { kafka, view } = this;
    const writer = await KafkaStateWriter.open(scope, { kafka, view, ...this.options });
    this.#writers.add(writer);
    return writer;
  }

  async get(scope: string, key: string): Promise<Versioned | undefined> {
    this.#checkOpen();
    await this.view.catchUp();
    const found = this.view.entries(scope).get(key);
    return found && { value: Uint8Array.from(found.value), version: found.version };
  }

  async list(scope: string, prefix = ''): Promise<{ key: string; value: Uint8Array; version: bigint }[]> {
    this.#checkOpen();
    await this.view.catchUp();
    return [...this.view.entries(scope)]
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, { value, version }]) => ({ key, value: Uint8Array.from(value), version, bytes: Buffer.from(key) }))
      .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
      .map(({ key, value, version }) => ({ key, value, version }));
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#writers].map((writer) => writer.close()));
    await this.reader.close();
  }

  #checkOpen(): void {
    if (this.#closed !== undefined) throw new StateStoreError('STATE_CLOSED', 'The state store is closed.', false);
  }
}
