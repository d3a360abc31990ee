import kafkajs, { CompressionTypes, Kafka, logLevel, type KafkaConfig } from 'kafkajs';
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import { mendRequestQueue } from './request-queue.js';

/** How to reach a Kafka cluster. */
export interface KafkaConnection {
  /** `host:port` of some brokers; the others are found through them. */
  readonly brokers: readonly string[];
  /** Names this client in the brokers' logs and quotas. */
  readonly clientId: string;
  readonly ssl?: KafkaConfig['ssl'];
  readonly sasl?: KafkaConfig['sasl'];
  /** How long one request may take, ms. Default 10,000. */
  readonly requestTimeoutMs?: number;
}

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/** A client that speaks zstd through node:zlib and says nothing by itself: failures come back as errors. */
export function kafkaClient(connection: KafkaConnection): Kafka {
  mendRequestQueue();
  // kafkajs keeps its codecs in one table per process, an export that Node does not find by name.
  kafkajs.CompressionCodecs[CompressionTypes.ZSTD] = () => ({
    compress: ({ buffer }: { buffer: Buffer }) => compress(buffer),
    decompress: (buffer: Buffer) => decompress(buffer),
  });
  return new Kafka({
    brokers: [...connection.brokers],
    clientId: connection.clientId,
    ...(connection.ssl !== undefined && { ssl: connection.ssl }),
    ...(connection.sasl !== undefined && { sasl: connection.sasl }),
    connectionTimeout: 3_000,
    requestTimeout: connection.requestTimeoutMs ?? 10_000,
    enforceRequestTimeout: true,
    retry: RETRY,
    logLevel: logLevel.NOTHING,
  });
}

/** About 6 s of retries inside kafkajs; what lasts longer is ours to decide. kafkajs would fill in other values under test. */
export const RETRY = { initialRetryTime: 100, maxRetryTime: 1_000, factor: 0.2, multiplier: 2, retries: 8 };
/** One or two quick retries, for what has a loop of its own around it. */
export const QUICK_RETRY = { ...RETRY, retries: 2 };
