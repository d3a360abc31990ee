import { fullJitter, type Clock } from '#libs/time';
import { EventLogError, LostPartitionError } from '../errors.js';
import type { Committed, ConsumeOptions, RecordBatch } from '../event-log.js';
import type { Topic } from './catalogue.js';
import type { LogStore } from './log-store.js';

const MAX_METADATA_BYTES = 4_096;
/** Bytes in one batch: it may go over by one record. */
const MAX_BATCH_BYTES = 8 * 2 ** 20;
const DEFAULT_BATCH_RECORDS = 500;
const BACKOFF = { baseMs: 100, capMs: 10_000 };

export interface RunContext {
  readonly store: LogStore;
  readonly topic: Topic;
  readonly clock: Clock;
  readonly random: () => number;
}

/** One consumer's hold on one partition, from its assignment until it is revoked: reads, hands over, takes commits. */
export class PartitionRun {
  readonly #abort = new AbortController();
  #wake: (() => void) | undefined;
  /** Settles, and never rejects, when the last handler has ended and `onRevoked` was called. */
  readonly ended: Promise<void>;

  /** @param previous settles when the partition may be taken over */
  constructor(
    readonly options: ConsumeOptions,
    readonly partition: number,
    private readonly context: RunContext,
    previous: Promise<void>,
  ) {
    this.ended = this.#run(previous);
  }

  /** There may be new records. */
  wake(): void {
    this.#wake?.();
  }

  /** From now on commits are refused. */
  revoke(): void {
    this.#abort.abort(
      new LostPartitionError(`Partition ${this.partition} of ${this.context.topic.name} is this consumer's no longer.`),
    );
    this.wake();
  }

  get #active(): boolean {
    return !this.#abort.signal.aborted;
  }

  async #run(previous: Promise<void>): Promise<void> {
    await previous;
    if (!this.#active) return;
    try {
      const start = await this.#assigned();
      if (start !== undefined) await this.#consume(start);
    } finally {
      await this.#revoked();
    }
  }

  /** Tells the consumer, until it has understood; says where to start, or nothing when the partition is lost. */
  async #assigned(): Promise<bigint | undefined> {
    const { store, topic, clock, random } = this.context;
    // A commit of the owner before that is still on its way counts.
    await store.settled();
    const committed = this.#committed();
    for (let attempt = 0; this.#active; attempt++) {
      if (await this.#tell(() => this.options.onAssigned?.(topic.name, this.partition, committed)))
        return committed?.offset ?? 0n;
      await this.#pause(clock, fullJitter(attempt, BACKOFF, random));
    }
    return undefined;
  }

  async #consume(start: bigint): Promise<void> {
    const { clock, random } = this.context;
    let position = start;
    for (let failures = 0; this.#active;) {
      let end: bigint | undefined;
      const done = await this.#tell(async () => {
        end = await this.#deliver(position);
      });
      if (!done) {
        if (!this.#active) return;
        await this.#pause(clock, fullJitter(failures++, BACKOFF, random));
        position = this.#committed()?.offset ?? 0n;
      } else if (end === undefined) await this.#untilWoken(position);
      else {
        position = end;
        failures = 0;
      }
    }
  }

  /** Hands over the next batch and says where it ended; undefined when there is nothing to read. */
  async #deliver(position: bigint): Promise<bigint | undefined> {
    const { store, topic } = this.context;
    const { onBatch, maxBatchRecords = DEFAULT_BATCH_RECORDS } = this.options;
    const from = { partition: this.partition, offset: position };
    const records = store.read(topic, from, maxBatchRecords, MAX_BATCH_BYTES);
    const last = records.at(-1);
    if (last === undefined) return undefined;
    await onBatch.call(this.options, {
      topic: topic.name,
      partition: this.partition,
      records,
      next: topic.partitions[this.partition]!.next,
      signal: this.#abort.signal,
      commit: (offset, metadata) => this.#commit(offset, metadata),
    } satisfies RecordBatch);
    return last.offset + 1n;
  }

  async #commit(offset: bigint, metadata: string): Promise<void> {
    const { store, topic } = this.context;
    if (!this.#active) throw this.#abort.signal.reason;
    if (Buffer.byteLength(metadata) > MAX_METADATA_BYTES)
      throw new EventLogError(
        'RECORD_TOO_LARGE',
        `Commit metadata is over ${MAX_METADATA_BYTES} bytes. Store less with the commit.`,
        false,
      );
    const { next } = topic.partitions[this.partition]!;
    if (offset < 0n || offset > next)
      throw new EventLogError(
        'LOG_MISCONFIGURED',
        `Offset ${offset} cannot be committed: the log ends at ${next}.`,
        false,
      );
    await store.commit(topic, this.options.group, { partition: this.partition, offset, metadata });
  }

  /** The group's commit, when the log still holds what follows it. */
  #committed(): Committed | undefined {
    const { store, topic } = this.context;
    const { earliest, next } = topic.partitions[this.partition]!;
    const found = store.catalogue.committed(topic.name, this.options.group);
    const committed = found.find(({ partition }) => partition === this.partition);
    return committed !== undefined && committed.offset >= earliest && committed.offset <= next ? committed : undefined;
  }

  /** Calls the consumer's code; false, and `onError` told, when that failed while the partition was held. */
  async #tell(call: () => Promise<void> | undefined): Promise<boolean> {
    try {
      await call();
      return true;
    } catch (error) {
      // A handler that stops because it was told to is no failure.
      if (this.#active) this.options.onError?.(asError(error));
      return false;
    }
  }

  async #revoked(): Promise<void> {
    try {
      await this.options.onRevoked?.(this.context.topic.name, this.partition);
    } catch (error) {
      this.options.onError?.(asError(error));
    }
  }

  async #untilWoken(position: bigint): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    // Looked at again after the wake-up is in place: what came in between is not missed.
    const { earliest, next } = this.context.topic.partitions[this.partition]!;
    if (this.#active && (next <= position || next === earliest)) await promise;
    this.#wake = undefined;
  }

  async #pause(clock: Clock, ms: number): Promise<void> {
    await clock.sleep(ms, this.#abort.signal).catch(() => undefined);
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
