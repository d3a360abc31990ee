import { ROLLUPS, type RollupName } from '#libs/clickhouse';
import { LEVELS, type Level } from '#libs/contracts';
import type { Logger } from '#libs/operations';
import type { Clock } from '#libs/time';
import type { AggregatorStore } from '../aggregator-store.js';
import type { Assignments } from '../assignments.js';
import { Rounds } from '../rounds.js';
import type { AggregatorTelemetry } from '../telemetry.js';
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
}

export const DEFAULT_RECOUNT: RecounterOptions = {
  intervalMs: 1_000,
  maxWaitMs: { '10s': 15_000, '1m': 60_000, '1h': 300_000 },
  maxBuckets: 2_000,
  searchMs: 30_000,
};

/**
 * Recounts marked buckets, level by level: rollup, marks of the level above, then the marks are consumed. Whatever is
 * interrupted leaves its marks open, and is done again by whoever reads them.
 */
export class Recounter {
  readonly #rounds: Rounds;
  #searched = -Infinity;

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
        for (const rollup of ROLLUPS) await this.#level(level, rollup);
      }
      this.#advance();
      const states = this.assignments.all();
      for (const state of states) state.revision += 1n;
      await this.store.writeProgress(states, this.clock.now());
    } catch (error) {
      this.telemetry.failedRecount(error);
      this.log.warn('Recount failed; its marks stay open.', {
        reason: error instanceof Error ? error.message : String(error),
      });
    }
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
    for (const state of this.assignments.all()) state.advance(this.marks, monotonic, now);
  }

  async #level(level: Level, rollup: RollupName): Promise<void> {
    for (;;) {
      const taken = this.marks.take(
        level,
        rollup,
        (mark, since) => this.#isDue(level, mark, since),
        this.options.maxBuckets,
      );
      if (taken.length === 0) return;
      const started = this.clock.monotonic();
      try {
        await this.store.recount(level, rollup, taken);
        await this.#touch(touchedAbove(level, taken));
        await this.store.insertMarks(taken, true);
      } catch (error) {
        this.marks.putBack(taken, this.clock.monotonic());
        throw error;
      }
      this.marks.done(taken);
      this.telemetry.recounted(level, taken.length, (this.clock.monotonic() - started) / 1_000);
      if (taken.length < this.options.maxBuckets) return;
    }
  }

  async #touch(buckets: readonly Omit<Mark, 'touch'>[]): Promise<void> {
    const touch = this.newTouch();
    const marks = buckets.filter((bucket) => this.marks.needsMark(bucket)).map((bucket) => ({ ...bucket, touch }));
    await this.store.insertMarks(marks, false);
    this.marks.add(
      marks.filter(({ partition }) => this.assignments.get(partition) !== undefined),
      this.clock.monotonic(),
    );
  }

  /** The bucket is over as far as its partition goes, or it has waited long enough. */
  #isDue(level: Level, mark: Mark, since: number): boolean {
    if (this.clock.monotonic() - since >= this.options.maxWaitMs[level]) return true;
    const state = this.assignments.get(mark.partition);
    if (state === undefined) return false;
    if (level === '10s')
      return state.tracker.watermark >= mark.bucketEnd * 1_000 || state.tracker.idle(this.clock.monotonic());
    const below = level === '1m' ? state.settled['10s'] : state.settled['1m'];
    return below >= mark.bucketEnd;
  }
}
