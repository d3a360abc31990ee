import { CompressionTypes, Partitioners, type Kafka, type Message, type Producer, type RecordMetadata } from 'kafkajs';
import { fullJitter, type Clock } from '#libs/time';
import { EventLogError } from '../errors.js';
import type { NewRecord, Position } from '../event-log.js';
import { placeholder, positionsOf, sizeOf } from './append-records.js';
import { RETRY } from './client.js';
import { toEventLogError } from './kafka-errors.js';

export interface AppenderOptions {
  readonly clock: Clock;
  /** Yields `[0, 1)`; for jitter. */
  readonly random: () => number;
  /** How long the first of a group waits for others, ms. */
  readonly lingerMs: number;
  /** How long an append may take before it is rejected, ms. */
  readonly deliveryTimeoutMs: number;
  /** Most bytes in one produce request, unless a single append is larger. */
  readonly maxRequestBytes: number;
  /** Most bytes of one append in one partition. */
  readonly maxBatchBytes: number;
  /** Most bytes of all appends that have not settled; a single one may be larger. */
  readonly maxQueueBytes: number;
}

interface Waiting {
  readonly topic: string;
  readonly messages: (Message & { partition: number })[];
  readonly compress: boolean;
  readonly bytes: number;
  /** When it was called, monotonic ms. */
  readonly since: number;
  resolve(positions: Position[]): void;
  reject(error: EventLogError): void;
}

/** Between a failed request and the next one: a failure costs a new producer, with connections of its own. */
const BACKOFF = { baseMs: 50, capMs: 1_000 };

/**
 * Appends through idempotent producers, one produce request at a time: what is appended meanwhile travels together in
 * the next one, so that the order of calls is the order in the log and cost per append falls under load.
 */
export class KafkaAppender {
  readonly #queue: Waiting[] = [];
  readonly #partitioner = Partitioners.DefaultPartitioner();
  readonly #closing = new AbortController();
  #heldBytes = 0;
  #failures = 0;
  #producer: Promise<Producer> | undefined;
  #pumping = false;
  #pumped: Promise<void> = Promise.resolve();

  constructor(
    private readonly kafka: Kafka,
    private readonly partitionCount: (topic: string) => Promise<number>,
    private readonly options: AppenderOptions,
  ) {}

  async append(topic: string, records: readonly NewRecord[]): Promise<Position[]> {
    this.#checkOpen();
    if (records.length === 0) return [];
    // Counted before the first wait: while no broker answers, whoever goes on appending must not fill the memory.
    const sizes = records.map(sizeOf);
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    if (this.#heldBytes > 0 && this.#heldBytes + bytes > this.options.maxQueueBytes)
      throw new EventLogError('LOG_UNAVAILABLE', `${this.#heldBytes} bytes wait for the log already.`, true);
    this.#heldBytes += bytes;
    try {
      const since = this.options.clock.monotonic();
      const partitions = await this.partitionCount(topic);
      const prepared = this.#prepare(topic, records, sizes, partitions);
      this.#checkOpen();
      return await new Promise<Position[]>((resolve, reject) => {
        this.#queue.push({ ...prepared, bytes, since, resolve, reject });
        if (!this.#pumping) this.#pumped = this.#pump();
      });
    } finally {
      this.#heldBytes -= bytes;
    }
  }

  /** Sends what waits, then disconnects. When a request fails, what is left is rejected. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#pumped;
    const producer = await this.#producer?.catch(() => undefined);
    this.#producer = undefined;
    await producer?.disconnect().catch(() => undefined);
  }

  #checkOpen(): void {
    if (this.#closing.signal.aborted) throw new EventLogError('LOG_CLOSED', 'The log is closed.', false);
  }

  #prepare(
    topic: string,
    records: readonly NewRecord[],
    sizes: readonly number[],
    partitions: number,
  ): Pick<Waiting, 'topic' | 'messages' | 'compress'> {
    const perPartition = new Map<number, number>();
    // The partitioner takes a list with one entry per partition, and looks at its length for records that have a key.
    const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => placeholder(partitionId));
    const messages = records.map(({ key, value, headers }, i) => {
      const partition = this.#partitioner({ topic, partitionMetadata, message: { key, value: null } });
      perPartition.set(partition, (perPartition.get(partition) ?? 0) + sizes[i]!);
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
    return { topic, messages, compress };
  }

  async #pump(): Promise<void> {
    this.#pumping = true;
    if (this.options.lingerMs > 0) await this.options.clock.sleep(this.options.lingerMs);
    while (this.#queue.length > 0) {
      await this.#backOff();
      await this.#send(this.#takeGroup());
    }
    // In the same turn as the look at the queue: an append between the two would wait for the next one.
    this.#pumping = false;
  }

  async #backOff(): Promise<void> {
    if (this.#failures === 0) return;
    const delayMs = fullJitter(this.#failures - 1, BACKOFF, this.options.random);
    await this.options.clock.sleep(delayMs, this.#closing.signal).catch(() => undefined);
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
      this.#failures = 0;
      let start = 0;
      for (const one of group) one.resolve(positions.slice(start, (start += one.messages.length)));
    } catch (error) {
      this.#failures++;
      this.#discardProducer();
      const failure = toEventLogError(error, `Append to ${topic} failed`);
      for (const one of [...group, ...this.#takeExpired()]) one.reject(failure);
    }
  }

  /** What must not wait for another request after a failed one: it waited long enough, or the log is closing. */
  #takeExpired(): Waiting[] {
    const called = this.options.clock.monotonic() - this.options.deliveryTimeoutMs;
    const alive = this.#queue.findIndex(({ since }) => since > called);
    const all = this.#closing.signal.aborted || alive < 0;
    return this.#queue.splice(0, all ? this.#queue.length : alive);
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
    try {
      await producer.connect();
    } catch (error) {
      // It may have connections although it could not begin.
      await producer.disconnect().catch(() => undefined);
      throw error;
    }
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
