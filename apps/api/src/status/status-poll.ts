import { AGGREGATOR_GROUP, EVENTS_TOPIC, type PipelineStatus, type StatusPoint } from '#libs/contracts';
import { readPartitions, type EventLog, type PartitionReading } from '#libs/event-log';
import { OneAtATime, type Clock, type Timer } from '#libs/time';
import { assembleStatus, type StepReading } from './assemble-status.js';
import type { DatabaseReading } from './database-reading.js';
import { EventRates } from './event-rates.js';
import type { InsertedTotals } from './inserted-totals.js';

export interface StatusPollOptions {
  readonly clock: Clock;
  readonly log: EventLog;
  readonly database: () => Promise<DatabaseReading>;
  /** The one part of it that the rates need. */
  readonly inserted: () => Promise<InsertedTotals>;
  readonly sqlPort: () => number | null;
  /** Told what a listener threw. */
  readonly onListenerError: (error: unknown) => void;
  /** While somebody watches. Default 1,000 ms. */
  readonly watchedMs?: number;
  /** While nobody does: only what rates and the recent past need is read. Default 5,000 ms. */
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
  readonly #readInserted;
  #log: StepReading<readonly PartitionReading[]> = { ok: false, detail: 'Not read yet.', value: undefined };
  #database: StepReading<DatabaseReading> = { ok: false, detail: 'Not read yet.', value: undefined };
  #recent: StatusPoint[] = [];
  #latest: PipelineStatus | undefined;
  #look: Promise<PipelineStatus> | undefined;
  #timer: Timer | undefined;
  #running = false;

  constructor(private readonly options: StatusPollOptions) {
    const { clock, log, database, inserted } = options;
    this.#startedAt = clock.now();
    const read = () => readPartitions(log, EVENTS_TOPIC, AGGREGATOR_GROUP);
    this.#readLog = new OneAtATime(clock, STEP_TIMEOUT_MS, read);
    this.#readDatabase = new OneAtATime(clock, STEP_TIMEOUT_MS, database);
    this.#readInserted = new OneAtATime(clock, STEP_TIMEOUT_MS, inserted);
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

  /** The last status, or undefined before the first look has ended, and while nobody watches. */
  get latest(): PipelineStatus | undefined {
    return this.#latest;
  }

  /** Records that wait in the log, as of the last look at it; undefined before the first. */
  get lag(): number | undefined {
    return this.#log.value && sum(this.#log.value.map(({ lag }) => lag));
  }

  /** A status of now, or one that is at most as old as the pace of watching. Never rejects for a failing step. */
  async status(): Promise<PipelineStatus> {
    const { clock, watchedMs = 1_000 } = this.options;
    const fresh = this.#latest !== undefined && clock.now() - this.#latest.at < watchedMs;
    return fresh ? this.#latest! : this.#lookOnce();
  }

  /**
   * Calls back at each look from now on. One that throws keeps the others from nothing.
   *
   * @returns a function that ends it.
   */
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
        const look = this.#listeners.size > 0 ? this.#lookOnce() : this.#stayWarm();
        void look.finally(() => this.#next(this.#listeners.size > 0 ? watchedMs : unwatchedMs));
      },
      delayMs,
      { unref: true },
    );
  }

  #lookOnce(): Promise<PipelineStatus> {
    this.#look ??= this.#lookNow().finally(() => (this.#look = undefined));
    return this.#look;
  }

  /** What nobody asks for is not read: an idle pipeline should cost next to nothing. Never rejects. */
  async #stayWarm(): Promise<void> {
    // One who asked meanwhile has it all read.
    if (this.#look !== undefined) return void (await this.#look);
    const inserted = this.#readInserted.answer().catch(() => undefined);
    this.#log = await step(this.#readLog, this.#log.value);
    const rates = this.#ratesNow(this.options.clock.monotonic(), await inserted);
    this.#latest = undefined;
    this.#remember(this.options.clock.now(), rates);
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
      rates: this.#ratesNow(clock.monotonic(), this.#database.value?.inserted),
    });
    this.#latest = status;
    this.#remember(status.at, status.rates ?? undefined);
    for (const listener of this.#listeners) this.#call(listener, status);
    return status;
  }

  #call(listener: StatusListener, status: PipelineStatus): void {
    try {
      listener(status);
    } catch (error) {
      this.options.onListenerError(error);
    }
  }

  /** Nothing while the rates are unknown. */
  #remember(at: number, rates: PipelineStatus['rates'] | undefined): void {
    if (rates == null) return;
    const { acceptedPerSecond, insertedPerSecond } = rates;
    this.#recent = [...this.#recent, { at, acceptedPerSecond, insertedPerSecond }].slice(-RECENT_POINTS);
  }

  #ratesNow(at: number, inserted: InsertedTotals | undefined): NonNullable<PipelineStatus['rates']> | undefined {
    const partitions = this.#log.value;
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

function sum(values: readonly number[]): number {
  return values.reduce((total, one) => total + one, 0);
}
