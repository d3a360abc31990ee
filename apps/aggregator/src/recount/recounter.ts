import { ROLLUPS } from '#libs/clickhouse';
import { LEVELS, type Level } from '#libs/contracts';
import type { Logger } from '#libs/operations';
import type { Clock } from '#libs/time';
import type { AggregatorStore } from '../aggregator-store.js';
import type { Assignments } from '../assignments.js';
import { Rounds } from '../rounds.js';
import type { AggregatorTelemetry } from '../telemetry.js';
import type { PartitionState } from '../progress/partition-state.js';
import { isOver } from './due.js';
import type { Mark, MarkBook } from './mark-book.js';
import { touchedAbove } from './next-level.js';

export interface RecounterOptions {
  /** Between two rounds, ms. */
  readonly intervalMs: number;
  /** A mark this old is due although its bucket is not settled, ms, by level. */
  readonly maxWaitMs: Readonly<Record<Level, number>>;
  /** Buckets in one statement: bounds the rows that it reads. */
  readonly maxBuckets: number;
  /** How often the table is searched for marks that the book lacks, ms. */
  readonly searchMs: number;
  /** How often progress is told while only the settled ends of idle partitions move, which hold nothing up, ms. */
  readonly tellIdleMs: number;
}

export const DEFAULT_RECOUNT: RecounterOptions = {
  intervalMs: 1_000,
  maxWaitMs: { '10s': 15_000, '1m': 60_000, '1h': 300_000 },
  maxBuckets: 2_000,
  searchMs: 30_000,
  tellIdleMs: 10_000,
};

/**
 * Recounts marked buckets, level by level: rollup, marks of the level above, then the marks are consumed. Whatever is
 * interrupted leaves its marks open, and is done again by whoever reads them.
 */
export class Recounter {
  readonly #rounds: Rounds;
  #searched = -Infinity;
  #told: { readonly what: string; readonly at: number } | undefined;

  constructor(
    private readonly store: AggregatorStore,
    private readonly assignments: Assignments,
    private readonly marks: MarkBook,
    private readonly clock: Clock,
    private readonly telemetry: AggregatorTelemetry,
    private readonly log: Logger,
    private readonly newTouch: () => string,
    private readonly options: RecounterOptions,
  ) {
    this.#rounds = new Rounds(clock, options.intervalMs, () => this.#allLevels());
  }

  start(): void {
    this.#rounds.start();
  }

  /** Lets the round that runs end. */
  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  /** One round over all levels. Concurrent callers share it. */
  run(): Promise<void> {
    return this.#rounds.run();
  }

  async #allLevels(): Promise<void> {
    try {
      await this.#search();
      for (const level of LEVELS) {
        this.#advance();
        await this.#level(level);
      }
      this.#advance();
      await this.#tellProgress(this.assignments.all());
    } catch (error) {
      this.telemetry.failedRecount(error);
      this.log.warn('Recount failed; its marks stay open.', {
        reason: error instanceof Error ? error.message : String(error),
      });
    }
  }

  /** At once when something has happened; where nothing has, now and then: each telling is an insert with its fsyncs. */
  async #tellProgress(states: readonly PartitionState[]): Promise<void> {
    const told = { what: progressKey(states), at: this.clock.monotonic() };
    if (told.what === this.#told?.what && told.at - this.#told.at < this.options.tellIdleMs) return;
    for (const state of states) state.revision += 1n;
    await this.store.writeProgress(states, this.clock.now());
    this.#told = told;
  }

  async #search(): Promise<void> {
    const monotonic = this.clock.monotonic();
    if (this.#searched === -Infinity) this.#searched = monotonic;
    if (monotonic - this.#searched < this.options.searchMs) return;
    await this.assignments.findMarks(monotonic);
    this.#searched = monotonic;
  }

  #advance(): void {
    const [monotonic, now] = [this.clock.monotonic(), this.clock.now()];
    const states = this.assignments.all();
    const heard = states.map(({ tracker }) => tracker.passed(monotonic)).filter((passed) => passed !== undefined);
    const passed = heard.length === 0 ? undefined : Math.max(...heard);
    for (const state of states) state.advance(this.marks, monotonic, now, passed);
  }

  /** One rollup after another, and then one insert each of marks above and of consumed ones: an insert is two fsyncs. */
  async #level(level: Level): Promise<void> {
    for (;;) {
      const isDue = (mark: Mark, since: number) => this.#isDue(level, mark, since);
      const taken = ROLLUPS.map((rollup) => ({
        rollup,
        marks: this.marks.take(level, rollup, isDue, this.options.maxBuckets),
      })).filter(({ marks }) => marks.length > 0);
      if (taken.length === 0) return;
      const marks = taken.flatMap((one) => one.marks);
      const started = this.clock.monotonic();
      try {
        for (const one of taken) await this.store.recount(level, one.rollup, one.marks);
        await this.#touch(touchedAbove(level, marks));
        await this.store.insertMarks(marks, true);
      } catch (error) {
        this.marks.putBack(marks, this.clock.monotonic());
        throw error;
      }
      this.marks.done(marks);
      this.telemetry.recounted(level, marks.length, (this.clock.monotonic() - started) / 1_000);
      if (taken.every((one) => one.marks.length < this.options.maxBuckets)) return;
    }
  }

  async #touch(buckets: readonly Omit<Mark, 'touch'>[]): Promise<void> {
    const touch = this.newTouch();
    const marks = buckets.filter((bucket) => this.marks.needsMark(bucket)).map((bucket) => ({ ...bucket, touch }));
    await this.assignments.writeMarks(marks, this.clock);
  }

  /** It is over, or it has waited long enough. */
  #isDue(level: Level, { partition, bucketEnd }: Mark, since: number): boolean {
    const monotonic = this.clock.monotonic();
    if (monotonic - since >= this.options.maxWaitMs[level]) return true;
    const own = this.assignments.get(partition);
    return own !== undefined && isOver(level, bucketEnd, own, this.assignments.all(), monotonic);
  }
}

/** Equal for states of which only what idle partitions have settled differs. */
function progressKey(states: readonly PartitionState[]): string {
  return states
    .map(({ partition, committed, tracker, silent, idle, settled }) =>
      [
        partition,
        committed,
        tracker.watermark,
        silent,
        idle,
        ...(idle ? [] : LEVELS.map((level) => settled[level])),
      ].join(),
    )
    .join(';');
}
