import { writeCommitMetadata } from '#libs/contracts';
import type { MarkBook } from '../recount/mark-book.js';
import { advanceSettled, type Settled } from './settled.js';
import { WatermarkTracker } from './watermark.js';

export interface Restored {
  readonly watermark: number;
  readonly settled: Settled;
  readonly revision: bigint;
}

/** How much of the wall clock is trusted for a partition in which nothing was ever heard. */
const CLOCK_DOUBT_MS = 2 * 3_600_000;

/** One assigned partition: how far it is. */
export class PartitionState {
  readonly tracker: WatermarkTracker;
  settled: Settled;
  /** No emitter was heard lately: nothing more comes of what it has not reached. */
  silent = false;
  /** It is silent and nothing waits for its recount: the partition holds no answer up. */
  idle = false;
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
    this.tracker = new WatermarkTracker(restored.watermark, monotonicMs);
    this.settled = restored.settled;
    this.revision = restored.revision;
  }

  /** Moves watermark and settled ends on. */
  advance(marks: MarkBook, monotonicMs: number, nowMs: number): void {
    const watermark = this.tracker.advance(monotonicMs);
    this.silent = this.tracker.idle(monotonicMs);
    const through = this.silent
      ? Math.max(watermark, this.tracker.passed(monotonicMs) ?? nowMs - CLOCK_DOUBT_MS)
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
