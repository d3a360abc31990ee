import { fullJitter, type Clock } from '#libs/time';
import { EventLogError, LostPartitionError } from '../errors.js';
import type { Committed, ConsumeOptions, LogRecord, RecordBatch } from '../event-log.js';
import { toEventLogError } from './kafka-errors.js';

/** What a session does to its partition in the consumer that holds it. */
export interface PartitionControl {
  /** What is committed, and where to start. */
  locate(): Promise<{ committed: Committed | undefined; start: bigint }>;
  seek(offset: bigint): void;
  pause(): void;
  resume(): void;
}

/** Writes a commit for the generation of the group in which the records were fetched. */
export type CommitInGeneration = (offset: bigint, metadata: string) => Promise<void>;

export interface SessionOptions extends ConsumeOptions {
  readonly partition: number;
  readonly clock: Clock;
  readonly random: () => number;
}

const BACKOFF = { baseMs: 50, capMs: 5_000 };
const COMMIT_ATTEMPTS = 4;
const MAX_METADATA_BYTES = 4_096;
const DEFAULT_MAX_BATCH_RECORDS = 500;

/**
 * One partition from its assignment to its loss, with its handler: one batch at a time, delivered again after a failure.
 * Fetching goes on beside the handler, one fetch ahead; a slow partition holds up no other one.
 */
export class PartitionSession {
  readonly #abort = new AbortController();
  readonly #queue: LogRecord[] = [];
  #wake: (() => void) | undefined;
  #accepting = false;
  #next = 0n;
  #commitInGeneration: CommitInGeneration | undefined;
  /** Everything before it is done, or was before this session. */
  #committed = 0n;
  #committing: Promise<void> = Promise.resolve();
  #assigned = false;

  constructor(
    private readonly options: SessionOptions,
    private readonly control: PartitionControl,
  ) {}

  get lost(): boolean {
    return this.#abort.signal.aborted;
  }

  /** Takes what was fetched; false when it is not wanted now, and is to be fetched again later. */
  deliver(records: readonly LogRecord[], next: bigint, commit: CommitInGeneration): boolean {
    if (!this.#accepting || this.lost) return false;
    this.#accepting = false;
    this.control.pause();
    this.#queue.push(...records);
    this.#next = next;
    this.#commitInGeneration = commit;
    this.#wake?.();
    return true;
  }

  /** The partition is another consumer's, or nobody's: whatever runs must stop, and cannot commit any more. */
  lose(reason: string): void {
    if (this.lost) return;
    this.#accepting = false;
    this.#abort.abort(new LostPartitionError(`${this.#name} is lost: ${reason}.`));
    this.#wake?.();
  }

  /** Runs until the partition is lost, its handler has ended and `onRevoked` has been called. Never rejects. */
  async run(previous: Promise<void>): Promise<void> {
    // The handler of an earlier assignment may still be running.
    await previous;
    try {
      if (await this.#begin()) await this.#consume();
    } finally {
      await this.#end();
    }
  }

  async #begin(): Promise<boolean> {
    const begun = await this.#retry(async () => {
      const { committed, start } = await this.control.locate();
      if (this.lost) return;
      this.#assigned = true;
      await this.options.onAssigned?.(this.options.topic, this.options.partition, committed);
      this.#committed = start;
    });
    if (!begun) return false;
    this.#fetchFrom(this.#committed);
    return true;
  }

  async #consume(): Promise<void> {
    for (let failures = 0; await this.#waitForRecords();) {
      const batch = this.#takeBatch();
      try {
        await this.options.onBatch(batch);
        failures = 0;
      } catch (error) {
        if (this.lost) return;
        this.options.onError?.(toError(error));
        this.#accepting = false;
        this.control.pause();
        this.#queue.length = 0;
        if (!(await this.#sleep(failures++))) return;
        this.#fetchFrom(this.#committed);
      }
    }
  }

  #takeBatch(): RecordBatch {
    const records = this.#queue.splice(0, this.options.maxBatchRecords ?? DEFAULT_MAX_BATCH_RECORDS);
    const commit = this.#commitInGeneration!;
    const end = records.at(-1)!.offset + 1n;
    if (this.#queue.length === 0) {
      // Fetch ahead while the handler works.
      this.#accepting = true;
      this.control.resume();
    }
    return {
      topic: this.options.topic,
      partition: this.options.partition,
      records,
      next: this.#next,
      signal: this.#abort.signal,
      commit: (offset, metadata) => this.#commit(offset, metadata, end, commit),
    };
  }

  /** One commit at a time and only forwards: a late retry must not take the group back. */
  #commit(offset: bigint, metadata: string, end: bigint, commit: CommitInGeneration): Promise<void> {
    const turn = this.#committing.then(async () => {
      if (offset > end)
        throw new RangeError(`${this.#name}: offset ${offset} was committed, but delivered is only up to ${end}.`);
      // Kafka counts characters here; the port's bound is bytes, the same for every adapter.
      if (Buffer.byteLength(metadata) > MAX_METADATA_BYTES)
        throw new EventLogError('RECORD_TOO_LARGE', `Metadata is over ${MAX_METADATA_BYTES} bytes.`, false);
      for (let attempt = 0; ; attempt++) {
        this.#abort.signal.throwIfAborted();
        if (offset < this.#committed) return;
        try {
          await commit(offset, metadata);
          this.#committed = offset;
          return;
        } catch (error) {
          const failure = toEventLogError(error, `Commit of ${this.#name} failed`);
          if (failure instanceof LostPartitionError) this.lose(failure.message);
          if (!failure.retriable || attempt + 1 >= COMMIT_ATTEMPTS) throw failure;
          await this.#sleep(attempt);
        }
      }
    });
    this.#committing = turn.catch(() => undefined);
    return turn;
  }

  #fetchFrom(offset: bigint): void {
    if (this.lost) return;
    this.control.seek(offset);
    this.#accepting = true;
    this.control.resume();
  }

  async #waitForRecords(): Promise<boolean> {
    while (this.#queue.length === 0 && !this.lost) await new Promise<void>((resolve) => (this.#wake = resolve));
    return !this.lost;
  }

  /** Runs the step until it succeeds (true) or the partition is lost (false). */
  async #retry(step: () => Promise<void>): Promise<boolean> {
    for (let attempt = 0; !this.lost; attempt++)
      try {
        await step();
        return !this.lost;
      } catch (error) {
        if (!this.lost) this.options.onError?.(toError(error));
        await this.#sleep(attempt);
      }
    return false;
  }

  /** False when the partition was lost meanwhile. */
  async #sleep(attempt: number): Promise<boolean> {
    const delayMs = fullJitter(attempt, BACKOFF, this.options.random);
    await this.options.clock.sleep(delayMs, this.#abort.signal).catch(() => undefined);
    return !this.lost;
  }

  async #end(): Promise<void> {
    if (!this.#assigned) return;
    await Promise.resolve(this.options.onRevoked?.(this.options.topic, this.options.partition)).catch(
      (error: unknown) => this.options.onError?.(toError(error)),
    );
  }

  get #name(): string {
    return `Partition ${this.options.partition} of ${this.options.topic}`;
  }
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
