import { writeCommitMetadata } from '#libs/contracts';
import type { MarkBook } from '../recount/mark-book.js';
import { advanceSettled, NOTHING_SETTLED, type Settled } from './settled.js';
import { WatermarkTracker } from './watermark.js';

/** What the owner before left of a partition. */
export interface Restored {
  readonly watermark: number;
  readonly settled: Settled;
  readonly revision: bigint;
  /** No emitter was heard lately, and nothing has come since. */
  readonly silent: boolean;
  readonly idle: boolean;
}

/** Of a partition that nobody had before. */
export const FRESH: Restored = { watermark: 0, settled: NOTHING_SETTLED, revision: 0n, silent: false, idle: false };

/** How far the wall clock may be wrong for a partition in which nothing was heard since it was assigned. */
const CLOCK_DOUBT_MS = 2 * 3_600_000;

/** One assigned partition: how far it is. */
export class PartitionState {
  readonly tracker: WatermarkTracker;
  settled: Settled;
  /** No emitter was heard lately: nothing more comes of what it has not reached. */
  silent: boolean;
  /** It is silent and nothing waits for its recount: the partition holds no answer up. */
  idle: boolean;
  committed = 0n;
  /** Batches that were handed over and are not written yet. */
  waiting = 0;
  revision: bigint;

  constructor(
    readonly partition: number,
    restored: Restored,
    /** When the partition was assigned: what is silent since then is silent. */
    monotonicMs: number,
  ) {
    const { watermark, settled, revision, silent, idle } = restored;
    // Neither is ahead of the collectors: a watermark is clamped to their time, and a silent one settles up to it.
    const passed = Math.max(watermark, settled['10s'] * 1_000);
    this.tracker = new WatermarkTracker(watermark, monotonicMs, { silent, passed });
    this.settled = settled;
    this.revision = revision;
    this.silent = silent;
    this.idle = silent && idle;
  }

  /**
   * Moves watermark and settled ends on.
   *
   * @param passed time that has surely passed at the collectors, as other partitions have heard, ms since 1970.
   */
  advance(marks: MarkBook, monotonicMs: number, nowMs: number, passed: number | undefined): void {
    const watermark = this.tracker.advance(monotonicMs);
    this.silent = this.tracker.idle(monotonicMs) && this.waiting === 0;
    const through = this.silent
      ? Math.max(
          watermark,
          passed ?? 0,
          this.tracker.passed(monotonicMs) ?? 0,
          this.tracker.wasHeard ? 0 : nowMs - CLOCK_DOUBT_MS,
        )
      : watermark;
    this.settled = advanceSettled(this.settled, through, (level, after) =>
      marks.earliest(this.partition, level, after),
    );
    this.idle = this.silent && !marks.isOpen(this.partition);
  }

  /** Whether more may come of a time that it has not reached: somebody is heard, or something waits to be written. */
  get flows(): boolean {
    return this.tracker.emitters > 0 || this.waiting > 0;
  }

  metadata(latenessMs: number): string {
    return writeCommitMetadata({ watermark: this.tracker.watermark, latenessMs });
  }
}
