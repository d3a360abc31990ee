import { PartitionAssigners, type Consumer, type EachBatchPayload, type Kafka } from 'kafkajs';
import { fullJitter, type Clock } from '#libs/time';
import { EventLogError, LostPartitionError } from '../errors.js';
import type { Committed, ConsumeOptions, Consumption } from '../event-log.js';
import { QUICK_RETRY } from './client.js';
import { toEventLogError } from './kafka-errors.js';
import { PartitionSession, type CommitInGeneration } from './partition-session.js';
import { toLogRecord } from './records.js';

export interface ConsumptionOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** How long the group waits for a silent consumer, ms. */
  readonly sessionTimeoutMs: number;
  /** Longest wait of a fetch that finds nothing, ms: also the longest that a partition waits to be fetched again. */
  readonly maxWaitMs: number;
  /** How long the first join is tried again after failures that may pass, ms. */
  readonly joinTimeoutMs: number;
  /** Aborts when the log is closing, also before the first join. */
  readonly closing: AbortSignal;
}

/** Where a group stands in a topic. */
export type Locate = () => Promise<Map<number, { committed: Committed | undefined; start: bigint }>>;

const RESTART_BACKOFF = { baseMs: 200, capMs: 5_000 };

/**
 * A member of a consumer group, on kafkajs' consumer.
 *
 * kafkajs hands over a fetched batch and gets it back at once: the partition is paused and its session works on it, so
 * that heartbeats and other partitions go on whatever a handler does. What kafkajs leaves open is closed here:
 * - Fencing. kafkajs commits with the generation it has *now*, also for a partition of an earlier one. Every session
 *   therefore dies at the very moment this member asks to join again (the assigner's `protocol` is called right before
 *   the request), and commits go straight to the group of their own run, without kafkajs' retries.
 * - Offsets that are not held any more. kafkajs would overwrite the commit with "earliest"; here each session looks
 *   first, and seeks.
 * - Restarts. kafkajs gives up on some errors, and a stop during its own restart leaves a consumer behind: it never
 *   restarts by itself here.
 */
export class KafkaConsumption implements Consumption {
  readonly #consumer: Consumer;
  readonly #sessions = new Map<number, PartitionSession>();
  /** By partition, when the latest session has ended. */
  readonly #ended = new Map<number, Promise<void>>();
  readonly #closing = new AbortController();
  readonly #joined: PromiseWithResolvers<void> = Promise.withResolvers();
  #crashed: PromiseWithResolvers<Error> = Promise.withResolvers();
  #hasJoined = false;
  #subscribed = false;
  #supervising: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  private constructor(
    kafka: Kafka,
    private readonly consume: ConsumeOptions,
    private readonly options: ConsumptionOptions,
    private readonly locate: Locate,
  ) {
    this.#consumer = kafka.consumer({
      groupId: consume.group,
      sessionTimeout: options.sessionTimeoutMs,
      rebalanceTimeout: Math.max(options.sessionTimeoutMs, 30_000),
      heartbeatInterval: Math.floor(options.sessionTimeoutMs / 5),
      maxWaitTimeInMs: options.maxWaitMs,
      allowAutoTopicCreation: false,
      retry: { ...QUICK_RETRY, restartOnFailure: async () => false },
      partitionAssigners: [
        (config) => {
          const assigner = PartitionAssigners.roundRobin(config);
          const protocol = assigner.protocol.bind(assigner);
          return Object.assign(assigner, {
            protocol: (subscription: { topics: string[] }) => {
              this.#loseAll('the group rebalances');
              return protocol(subscription);
            },
          });
        },
      ],
    });
  }

  /**
   * Joins. Resolves when partitions are assigned. A broker that is still loading the group, or away, is asked again
   * with backoff, told through `onError`, for `joinTimeoutMs`.
   * @throws EventLogError of the last attempt; at once when another attempt cannot help.
   */
  static async start(
    kafka: Kafka,
    consume: ConsumeOptions,
    options: ConsumptionOptions,
    locate: Locate,
  ): Promise<KafkaConsumption> {
    const consumption = new KafkaConsumption(kafka, consume, options, locate);
    const close = () => void consumption.close();
    options.closing.addEventListener('abort', close, { once: true });
    try {
      await consumption.#start();
    } catch (error) {
      await consumption.close();
      throw error;
    } finally {
      options.closing.removeEventListener('abort', close);
    }
    return consumption;
  }

  get assigned(): readonly number[] {
    return [...this.#sessions].flatMap(([partition, { lost }]) => (lost ? [] : [partition])).sort((a, b) => a - b);
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #start(): Promise<void> {
    const { topic } = this.consume;
    this.#consumer.on(this.#consumer.events.GROUP_JOIN, ({ payload }) => {
      this.#assign(payload.memberAssignment[topic] ?? []);
      this.#hasJoined = true;
      this.#joined.resolve();
    });
    this.#consumer.on(this.#consumer.events.CRASH, ({ payload }) => this.#crashed.resolve(payload.error));
    this.#supervising = this.#supervise();
    await this.#joined.promise;
  }

  /** Runs kafkajs' consumer, and again whenever it gave up. */
  async #supervise(): Promise<void> {
    const { clock, random, joinTimeoutMs } = this.options;
    const closing = new Promise<void>((resolve) => this.#closing.signal.addEventListener('abort', () => resolve()));
    const began = clock.monotonic();
    for (let failures = 0; !this.#closing.signal.aborted; failures++) {
      this.#crashed = Promise.withResolvers();
      const started = clock.monotonic();
      await this.#run().catch((error: unknown) => this.#crashed.resolve(error as Error));
      const error = await Promise.race([this.#crashed.promise, closing]);
      if (error === undefined) return;
      this.#loseAll('the connection to the group broke');
      const delayMs = fullJitter(failures, RESTART_BACKOFF, random);
      if (this.#hasJoined) {
        this.consume.onError?.(toEventLogError(error, `Consumption of ${this.consume.topic} broke off`));
      } else {
        const failure = toEventLogError(error, `Group ${this.consume.group} could not be joined`);
        // Losing the membership while joining is no loss of anything: the next attempt joins as a new member.
        const passing = failure.retriable || failure instanceof LostPartitionError;
        if (!passing || clock.monotonic() + delayMs - began > joinTimeoutMs) return this.#joined.reject(failure);
        this.consume.onError?.(failure);
      }
      if (clock.monotonic() - started > 30_000) failures = 0;
      await clock.sleep(delayMs, this.#closing.signal).catch(() => undefined);
    }
  }

  async #run(): Promise<void> {
    if (!this.#subscribed) {
      await this.#consumer.connect();
      await this.#consumer.subscribe({ topics: [this.consume.topic], fromBeginning: true });
      this.#subscribed = true;
    }
    await this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: (payload) => this.#deliver(payload),
    });
  }

  #assign(partitions: readonly number[]): void {
    const { topic } = this.consume;
    this.#sessions.clear();
    if (this.#closing.signal.aborted || partitions.length === 0) return;
    // Nothing is fetched before a session has looked where to start.
    this.#consumer.pause([{ topic, partitions: [...partitions] }]);
    let located: ReturnType<Locate> | undefined;
    const locate = async (partition: number) => {
      // One look-up for all; a failed one is not kept.
      located ??= this.locate().catch((error: unknown) => {
        located = undefined;
        throw error;
      });
      return (await located).get(partition) ?? { committed: undefined, start: 0n };
    };
    for (const partition of partitions) {
      const at = { topic, partitions: [partition] };
      const session = new PartitionSession(
        { ...this.consume, partition, clock: this.options.clock, random: this.options.random },
        {
          locate: () => locate(partition),
          seek: (offset) => this.#consumer.seek({ topic, partition, offset: String(offset) }),
          pause: () => this.#consumer.pause([at]),
          resume: () => this.#consumer.resume([at]),
        },
      );
      this.#sessions.set(partition, session);
      this.#ended.set(partition, session.run(this.#ended.get(partition) ?? Promise.resolve()));
    }
  }

  async #deliver({ batch, resolveOffset, isStale, commitOffsetsIfNecessary }: EachBatchPayload): Promise<void> {
    const { topic, partition } = batch;
    const session = this.#sessions.get(partition);
    if (isStale()) return;
    // Not resolved, a batch is fetched again at once, and again: whoever wants it later resumes the partition.
    const refuse = () => this.#consumer.pause([{ topic, partitions: [partition] }]);
    if (session === undefined || session.lost) return refuse();
    const records = batch.messages.map((message) => toLogRecord(partition, message));
    const commit: CommitInGeneration = (offset, metadata) => {
      const entry = { partition, offset: String(offset), metadata };
      return commitOffsetsIfNecessary({ topics: [{ topic, partitions: [entry] }] });
    };
    if (session.deliver(records, BigInt(batch.highWatermark), commit)) resolveOffset(batch.lastOffset());
    else refuse();
  }

  #loseAll(reason: string): void {
    for (const session of this.#sessions.values()) session.lose(reason);
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    this.#joined.reject(new EventLogError('LOG_CLOSED', 'The log was closed before the group was joined.', false));
    this.#loseAll('the consumer is closing');
    // kafkajs goes on with heartbeats until the handlers have ended: nobody else gets the partitions before.
    await Promise.all(this.#ended.values());
    await this.#supervising;
    await this.#consumer.disconnect().catch(() => undefined);
  }
}
