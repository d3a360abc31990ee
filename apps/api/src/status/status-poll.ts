import { AGGREGATOR_GROUP, EVENTS_TOPIC, type PipelineStatus, type StatusPoint } from '#libs/contracts';
import { readPartitions, type EventLog, type PartitionReading } from '#libs/event-log';
import { OneAtATime, type Clock, type Timer } from '#libs/time';
import { assembleStatus, type StepReading } from './assemble-status.js';
import type { DatabaseReading } from './database-reading.js';
import { EventRates } from './event-rates.js';

export interface StatusPollOptions {
  readonly clock: Clock;
  readonly log: EventLog;
  readonly database: () => Promise<DatabaseReading>;
  readonly sqlPort: () => number | null;
  /** While somebody watches. Default 1,000 ms. */
  readonly watchedMs?: number;
  /** While nobody does: rates and the recent past stay warm. Default 5,000 ms. */
  readonly unwatchedMs?: number;
}

export type StatusListener = (status: PipelineStatus) => void;

const RATE_WINDOW_MS = 5_000;
const RECENT_POINTS = 120;
/** A look that takes longer counts as failed; the next one is not held up by it. */
const STEP_TIMEOUT_MS = 5_000;

/** Looks at the pipeline once for everybody: each watcher gets the same status, whatever their number. */
export class StatusPoll {
  readonly #listeners = new Set<StatusListener>();
  readonly #rates = new EventRates(RATE_WINDOW_MS);
  readonly #startedAt: number;
  readonly #readLog;
  readonly #readDatabase;
  #log: StepReading<readonly PartitionReading[]> = { ok: false, detail: 'Not read yet.', value: undefined };
  #database: StepReading<DatabaseReading> = { ok: false, detail: 'Not read yet.', value: undefined };
  #recent: StatusPoint[] = [];
  #latest: PipelineStatus | undefined;
  #look: Promise<PipelineStatus> | undefined;
  #timer: Timer | undefined;
  #running = false;

  constructor(private readonly options: StatusPollOptions) {
    const { clock, log, database } = options;
    this.#startedAt = clock.now();
    const read = () => readPartitions(log, EVENTS_TOPIC, AGGREGATOR_GROUP);
    this.#readLog = new OneAtATime(clock, STEP_TIMEOUT_MS, read);
    this.#readDatabase = new OneAtATime(clock, STEP_TIMEOUT_MS, database);
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#next(0);
  }

  stop(): void {
    this.#running = false;
    this.#timer?.cancel();
    this.#listeners.clear();
  }

  /** The past two minutes or more, oldest first. */
  get recent(): readonly StatusPoint[] {
    return this.#recent;
  }

  /** The last status, or undefined before the first look has ended. */
  get latest(): PipelineStatus | undefined {
    return this.#latest;
  }

  /** A status of now, or one that is at most as old as the pace of watching. Never rejects for a failing step. */
  async status(): Promise<PipelineStatus> {
    const { clock, watchedMs = 1_000 } = this.options;
    const fresh = this.#latest !== undefined && clock.now() - this.#latest.at < watchedMs;
    return fresh ? this.#latest! : this.#lookOnce();
  }

  /** Calls back at each look from now on. @returns a function that ends it. */
  watch(listener: StatusListener): () => void {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#next(0);
    return () => void this.#listeners.delete(listener);
  }

  #next(delayMs: number): void {
    if (!this.#running) return;
    this.#timer?.cancel();
    this.#timer = this.options.clock.setTimer(
      () => {
        const { watchedMs = 1_000, unwatchedMs = 5_000 } = this.options;
        void this.#lookOnce().finally(() => this.#next(this.#listeners.size > 0 ? watchedMs : unwatchedMs));
      },
      delayMs,
      { unref: true },
    );
  }

  #lookOnce(): Promise<PipelineStatus> {
    this.#look ??= this.#lookNow().finally(() => (this.#look = undefined));
    return this.#look;
  }

  async #lookNow(): Promise<PipelineStatus> {
    const { clock, sqlPort } = this.options;
    [this.#log, this.#database] = await Promise.all([
      step(this.#readLog, this.#log.value),
      step(this.#readDatabase, this.#database.value),
    ]);
    const status = assembleStatus({
      at: clock.now(),
      startedAt: this.#startedAt,
      sqlPort: sqlPort(),
      log: this.#log,
      database: this.#database,
      rates: this.#ratesNow(clock.monotonic()),
    });
    this.#latest = status;
    const point = pointOf(status);
    if (point !== undefined) this.#recent = [...this.#recent, point].slice(-RECENT_POINTS);
    for (const listener of this.#listeners) listener(status);
    return status;
  }

  #ratesNow(at: number): NonNullable<PipelineStatus['rates']> | undefined {
    const partitions = this.#log.value;
    const inserted = this.#database.value?.inserted;
    if (partitions === undefined || inserted === undefined) return undefined;
    const appended = sum(partitions.map(({ next }) => next));
    const committed = sum(partitions.map(({ next, lag }) => next - lag));
    return this.#rates.add(at, { appended, committed, inserted });
  }
}

async function step<Value>(read: OneAtATime<Value>, before: Value | undefined): Promise<StepReading<Value>> {
  try {
    return { ok: true, detail: 'Answers.', value: await read.answer() };
  } catch (error) {
    return { ok: false, detail: error instanceof Error ? error.message : String(error), value: before };
  }
}

/** Undefined while the rates are unknown. */
function pointOf({ at, rates }: PipelineStatus): StatusPoint | undefined {
  if (rates === null) return undefined;
  return { at, acceptedPerSecond: rates.acceptedPerSecond, insertedPerSecond: rates.insertedPerSecond };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, one) => total + one, 0);
}
