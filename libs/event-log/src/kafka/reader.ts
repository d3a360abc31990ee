import { PartitionAssigners, type Cluster, type Consumer, type Kafka, type KafkaMessage } from 'kafkajs';
import { QUICK_RETRY } from './client.js';
import { kafkaErrorType } from './kafka-errors.js';

/** What one fetch of one partition found. */
export interface Fetched {
  readonly messages: readonly FetchedMessage[];
  /** The offset that the next record gets. */
  readonly highWatermark: bigint;
  /** Everything before it is decided: no transaction that began before it is open. */
  readonly lastStable: bigint;
  /** The oldest offset held. */
  readonly logStart: bigint;
  readonly abortedTransactions: readonly { readonly producerId: string; readonly firstOffset: string }[];
}

export type FetchedMessage = KafkaMessage & {
  readonly isControlRecord?: boolean;
  readonly batchContext?: {
    readonly producerId: string;
    readonly inTransaction: boolean;
    readonly lastOffsetDelta: number;
    readonly firstOffset: string;
  };
};

export interface FetchOptions {
  readonly maxBytes: number;
  readonly maxWaitMs: number;
  /** Only what committed transactions wrote. The caller leaves out what `abortedTransactions` name. */
  readonly committedOnly?: boolean;
}

interface FetchAnswer {
  responses: {
    topicName: string;
    partitions: {
      partition: number;
      highWatermark: string;
      lastStableOffset: string;
      lastStartOffset: string;
      abortedTransactions: { producerId: string; firstOffset: string }[] | null;
      messages: FetchedMessage[];
    }[];
  }[];
}

/**
 * Fetches without a consumer group. kafkajs hands its cluster to partition assigners, which is the public way to a
 * broker's own `fetch`; a throwaway group would cost a join of its own (3 s on a broker with default settings).
 */
export class KafkaReader {
  readonly #consumer: Consumer;
  #cluster: Cluster | undefined;
  #connecting: Promise<void> | undefined;

  constructor(kafka: Kafka) {
    this.#consumer = kafka.consumer({
      // Never joined: it only carries the connection.
      groupId: 'alperf.reader',
      allowAutoTopicCreation: false,
      retry: QUICK_RETRY,
      partitionAssigners: [
        (config) => {
          this.#cluster = config.cluster;
          return PartitionAssigners.roundRobin(config);
        },
      ],
    });
  }

  /**
   * One fetch. It comes back with what is there, also when that is nothing.
   * Leaders that moved and connections that broke are tried again twice.
   * @throws KafkaJSError; of type OFFSET_OUT_OF_RANGE when the offset is not held.
   */
  async fetch(topic: string, partition: number, offset: bigint, options: FetchOptions): Promise<Fetched> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#fetchOnce(topic, partition, offset, options);
      } catch (error) {
        if (attempt >= 2 || kafkaErrorType(error) === 'OFFSET_OUT_OF_RANGE') throw error;
        await this.#recover(error);
      }
    }
  }

  async close(): Promise<void> {
    await this.#consumer.disconnect().catch(() => undefined);
  }

  async #fetchOnce(topic: string, partition: number, offset: bigint, options: FetchOptions): Promise<Fetched> {
    const cluster = await this.#connected();
    await cluster.addTargetTopic(topic);
    const [nodeId] = Object.keys(cluster.findLeaderForPartitions(topic, [partition]));
    if (nodeId === undefined)
      throw Object.assign(new Error(`${topic} has no partition ${partition}.`), { type: 'UNKNOWN_TOPIC_OR_PARTITION' });
    const broker = await cluster.findBroker({ nodeId });
    const answer = (await broker.fetch({
      isolationLevel: options.committedOnly === true ? 1 : 0,
      maxWaitTime: options.maxWaitMs,
      minBytes: 1,
      maxBytes: options.maxBytes,
      topics: [{ topic, partitions: [{ partition, fetchOffset: String(offset), maxBytes: options.maxBytes }] }],
    })) as FetchAnswer;
    const found = answer.responses[0]?.partitions[0];
    if (found === undefined)
      throw new Error(`The answer of broker ${nodeId} lacks partition ${partition} of ${topic}.`);
    return {
      // A batch is fetched whole, also when the offset lies inside of it.
      messages: found.messages.filter((message) => BigInt(message.offset) >= offset),
      highWatermark: BigInt(found.highWatermark),
      lastStable: BigInt(found.lastStableOffset),
      logStart: BigInt(found.lastStartOffset),
      abortedTransactions: found.abortedTransactions ?? [],
    };
  }

  async #connected(): Promise<Cluster> {
    this.#connecting ??= this.#consumer.connect();
    try {
      await this.#connecting;
    } catch (error) {
      this.#connecting = undefined;
      throw error;
    }
    return this.#cluster!;
  }

  async #recover(error: unknown): Promise<void> {
    const cluster = await this.#connected();
    if (error instanceof Error && 'host' in error && 'port' in error)
      cluster.removeBroker({ host: String(error.host), port: Number(error.port) });
    if (!cluster.isConnected()) await cluster.connect();
    await cluster.refreshMetadata();
  }
}
