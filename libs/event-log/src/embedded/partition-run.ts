import { fullJitter, type Clock } from '#libs/time';
import { EventLogError, LostPartitionError } from '../errors.js';
import type { ConsumeOptions, RecordBatch } from '../event-log.js';
import type { LogStore } from './log-store.js';

const MAX_METADATA_BYTES = 4_096;
const MAX_BATCH_BYTES = 8 * 2 ** 20;
const BACKOFF = { baseMs: 100, capMs: 10_000 };

export interface RunContext {
  readonly store: LogStore;
  readonly clock: Clock;
  readonly random: () => number;
}

/** One consumer's hold on one partition: reads, hands over, takes commits, until it is revoked. */
export class PartitionRun {
  readonly #abort = new AbortController();
  #wake: (() => void) | undefined;
  #onRevokedRan = false;
  /** Settles when the handler that was running has ended and `onRevoked` has been called. */
  readonly ended: Promise<void>;

  constructor(
    private readonly options: ConsumeOptions,
    readonly partition: number,
    private readonly context: RunContext,
    previous: Promise<void>,
  ) {
    this.ended = this.#run(previous);
  }

  get active(): boolean {
    return !this.#abort.signal.aborted;
  }

  /** There may be new records. */
  wake(): void {
    this.#wake?.();
  }

  /** From now on commits are refused. */
  revoke(): void {
    this.#abort.abort(
      new LostPartitionError(`Partition ${this.partition} of ${this.options.topic} went to another consumer.`),
    );
    this.wake();
  }

  async #run(previous: Promise<void>): Promise<void> {
    try {
      await previous;
      if (this.active) await this.#consume();
    } finally {
      await this.#revoked();
    }
  }

  async #consume(): Promise<void> {
    const { store } = this.context;
    const { topic, group } = this.options;
    let failures = 0;
    let position = await this.#assigned();
    while (this.active) {
      const records = store.read(
        topic,
        { partition: this.partition, offset: position },
        this.options.maxBatchRecords ?? 500,
        MAX_BATCH_BYTES,
      );
      if (records.length === 0) {
        await this.#untilWoken();
        continue;
      }
      try {
        await this.options.onBatch(this.#batch(records));
        failures = 0;
        position = records.at(-1)!.offset + 1n;
      } catch (error) {
        if (!this.active) return;
        this.options.onError?.(error instanceof Error ? error : new Error(String(error)));
        await this.#pause(fullJitter(failures++, BACKOFF, this.context.random));
        position = store.committed(topic, group).find((one) => one.partition === this.partition)?.offset ?? 0n;
      }
    }
  }

  /** Tells the consumer, and says where to start. A failing `onAssigned` is tried again: without it nothing may be handled. */
  async #assigned(): Promise<bigint> {
    for (let attempt = 0; this.active; attempt++) {
      const committed = this.context.store
        .committed(this.options.topic, this.options.group)
        .find((one) => one.partition === this.partition);
      const next = this.context.store.ranges(this.options.topic)[this.partition]!.next;
      const valid = committed !== undefined && committed.offset <= next ? committed : undefined;
      try {
        await this.options.onAssigned?.(this.options.topic, this.partition, valid);
        return valid?.offset ?? 0n;
      } catch (error) {
        this.options.onError?.(error instanceof Error ? error : new Error(String(error)));
        await this.#pause(fullJitter(attempt, BACKOFF, this.context.random));
      }
    }
    return 0n;
  }

  #batch(records: RecordBatch['records']): RecordBatch {
    const { topic, group } = this.options;
    return {
      topic,
      partition: this.partition,
      records,
      next: this.context.store.ranges(topic)[this.partition]!.next,
      signal: this.#abort.signal,
      commit: async (offset, metadata) => {
        if (!this.active) throw this.#abort.signal.reason;
        if (Buffer.byteLength(metadata) > MAX_METADATA_BYTES)
          throw new EventLogError(
            'RECORD_TOO_LARGE',
            `Commit metadata is over ${MAX_METADATA_BYTES} bytes. Store less with the commit.`,
            false,
          );
        await this.context.store.commit(topic, group, this.partition, offset, metadata);
      },
    };
  }

  async #revoked(): Promise<void> {
    if (this.#onRevokedRan) return;
    this.#onRevokedRan = true;
    try {
      await this.options.onRevoked?.(this.options.topic, this.partition);
    } catch (error) {
      this.options.onError?.(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #untilWoken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
      if (!this.active) this.#wake();
    });
  }

  async #pause(ms: number): Promise<void> {
    await this.context.clock.sleep(ms, this.#abort.signal).catch(() => undefined);
  }
}
