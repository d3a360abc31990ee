import { CompressionTypes, Partitioners, type Kafka, type Message, type Producer, type RecordMetadata } from 'kafkajs';
import type { Clock } from '#libs/time';
import { EventLogError } from '../errors.js';
import type { NewRecord, Position } from '../event-log.js';
import { RETRY } from './client.js';
import { toEventLogError } from './kafka-errors.js';

export interface AppenderOptions {
  readonly clock: Clock;
  /** How long the first of a group waits for others, ms. */
  readonly lingerMs: number;
  /** How long an append may take before it is rejected, ms. */
  readonly deliveryTimeoutMs: number;
  /** Most bytes in one produce request, unless a single append is larger. */
  readonly maxRequestBytes: number;
  /** Most bytes of one append in one partition. */
  readonly maxBatchBytes: number;
}

interface Waiting {
  readonly topic: string;
  readonly messages: (Message & { partition: number })[];
  readonly compress: boolean;
  readonly bytes: number;
  resolve(positions: Position[]): void;
  reject(error: EventLogError): void;
}

/** What a record costs besides its key, value and headers: lengths, deltas and the batch's header, rounded up. */
const RECORD_OVERHEAD_BYTES = 96;

/**
 * Appends through idempotent producers, one produce request at a time: what is appended meanwhile travels together in
 * the next one, so that the order of calls is the order in the log and cost per append falls under load.
 */
export class KafkaAppender {
  readonly #queue: Waiting[] = [];
  readonly #partitioner = Partitioners.DefaultPartitioner();
  #producer: Promise<Producer> | undefined;
  #pumping = false;
  #pumped: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(
    private readonly kafka: Kafka,
    private readonly partitionCount: (topic: string) => Promise<number>,
    private readonly options: AppenderOptions,
  ) {}

  async append(topic: string, records: readonly NewRecord[]): Promise<Position[]> {
    if (this.#closed) throw new EventLogError('LOG_CLOSED', 'The log is closed.', false);
    if (records.length === 0) return [];
    const partitions = await this.partitionCount(topic);
    const waiting = this.#prepare(topic, records, partitions);
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new EventLogError('LOG_CLOSED', 'The log is closed.', false));
      this.#queue.push({ ...waiting, resolve, reject });
      if (!this.#pumping) this.#pumped = this.#pump();
    });
  }

  /** Sends what waits, then disconnects. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#pumped;
    const producer = await this.#producer?.catch(() => undefined);
    this.#producer = undefined;
    await producer?.disconnect().catch(() => undefined);
  }

  #prepare(topic: string, records: readonly NewRecord[], partitions: number): Omit<Waiting, 'resolve' | 'reject'> {
    const perPartition = new Map<number, number>();
    // The partitioner takes a list with one entry per partition, and looks at its length for records that have a key.
    const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => placeholder(partitionId));
    let bytes = 0;
    const messages = records.map(({ key, value, headers }) => {
      const partition = this.#partitioner({ topic, partitionMetadata, message: { key, value: null } });
      const size = sizeOf(key, value, headers);
      bytes += size;
      perPartition.set(partition, (perPartition.get(partition) ?? 0) + size);
      return { key, value: Buffer.from(value.buffer, value.byteOffset, value.byteLength), headers, partition };
    });
    const largest = Math.max(...perPartition.values());
    if (largest > this.options.maxBatchBytes)
      throw new EventLogError(
        'RECORD_TOO_LARGE',
        `An append of ${largest} bytes to one partition is over the limit of ${this.options.maxBatchBytes}.`,
        false,
      );
    // A value that an emitter compressed already does not get smaller.
    const compress = records.some(({ headers }) => (headers['ce'] ?? 'identity') === 'identity');
    return { topic, messages, compress, bytes };
  }

  async #pump(): Promise<void> {
    this.#pumping = true;
    if (this.options.lingerMs > 0) await this.options.clock.sleep(this.options.lingerMs);
    while (this.#queue.length > 0) await this.#send(this.#takeGroup());
    // In the same turn as the look at the queue: an append between the two would wait for the next one.
    this.#pumping = false;
  }

  /** The front of the queue that fits one request: one topic, one codec, so that the order stays. */
  #takeGroup(): Waiting[] {
    const { topic, compress } = this.#queue[0]!;
    let count = 0;
    for (let bytes = 0; count < this.#queue.length; count++) {
      const next = this.#queue[count]!;
      bytes += next.bytes;
      if (next.topic !== topic || next.compress !== compress) break;
      if (count > 0 && bytes > this.options.maxRequestBytes) break;
    }
    return this.#queue.splice(0, count);
  }

  async #send(group: readonly Waiting[]): Promise<void> {
    const { topic, compress } = group[0]!;
    const messages = group.flatMap((one) => one.messages);
    try {
      const metadata = await this.#deliver(topic, messages, compress);
      const positions = positionsOf(messages, metadata);
      let start = 0;
      for (const one of group) one.resolve(positions.slice(start, (start += one.messages.length)));
    } catch (error) {
      this.#discardProducer();
      const failure = toEventLogError(error, `Append to ${topic} failed`);
      for (const one of group) one.reject(failure);
    }
  }

  async #deliver(topic: string, messages: Message[], compress: boolean): Promise<RecordMetadata[]> {
    const expired = Promise.withResolvers<never>();
    const timer = this.options.clock.setTimer(
      () =>
        expired.reject(
          new EventLogError('LOG_UNAVAILABLE', `No answer within ${this.options.deliveryTimeoutMs} ms.`, true),
        ),
      this.options.deliveryTimeoutMs,
    );
    const compression = compress ? CompressionTypes.ZSTD : CompressionTypes.None;
    const sending = this.#connected().then((producer) =>
      producer.send({ topic, messages, acks: -1, compression, timeout: this.options.deliveryTimeoutMs }),
    );
    try {
      return await Promise.race([sending, expired.promise]);
    } finally {
      timer.cancel();
    }
  }

  #connected(): Promise<Producer> {
    return (this.#producer ??= this.#connect());
  }

  async #connect(): Promise<Producer> {
    const producer = this.kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
      retry: RETRY,
    });
    await producer.connect();
    return producer;
  }

  /**
   * After a failure the broker and kafkajs may disagree on sequence numbers: kafkajs would give the numbers of a batch
   * that the broker has to the next one, which the broker would then take for a repeat and acknowledge without writing it.
   * A new producer has a new identity.
   */
  #discardProducer(): void {
    const producer = this.#producer;
    this.#producer = undefined;
    void producer?.then((one) => one.disconnect()).catch(() => undefined);
  }
}

/**
 * Positions in the order of the messages.
 * kafkajs resolves without a partition's answer when its leader moved during a retry: that is a failure, not an append.
 */
function positionsOf(
  messages: readonly (Message & { partition: number })[],
  answers: readonly RecordMetadata[],
): Position[] {
  const next = new Map<number, bigint>();
  for (const { partition, baseOffset, errorCode } of answers)
    if (errorCode === 0 && baseOffset !== undefined && !baseOffset.startsWith('-'))
      next.set(partition, BigInt(baseOffset));
  return messages.map(({ partition }) => {
    const offset = next.get(partition);
    if (offset === undefined)
      throw new EventLogError('LOG_UNAVAILABLE', `Partition ${partition} did not acknowledge.`, true);
    next.set(partition, offset + 1n);
    return { partition, offset };
  });
}

function sizeOf(key: string, value: Uint8Array, headers: Readonly<Record<string, string>>): number {
  let size = RECORD_OVERHEAD_BYTES + Buffer.byteLength(key) + value.byteLength;
  for (const [name, text] of Object.entries(headers)) size += name.length + Buffer.byteLength(text) + 8;
  return size;
}

const placeholder = (partitionId: number) => ({ partitionErrorCode: 0, partitionId, leader: 0, replicas: [], isr: [] });
