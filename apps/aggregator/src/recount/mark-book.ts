import type { RollupName } from '#libs/clickhouse';
import { LEVELS, type Level } from '#libs/contracts';

/** A bucket that must be recounted, as it stands in `marks`. */
export interface Mark {
  readonly level: Level;
  readonly rollup: RollupName;
  readonly service: string;
  readonly subject: string;
  /** End of the bucket at this level, seconds since 1970. */
  readonly bucketEnd: number;
  readonly partition: number;
  /** The mark's own identity beside the bucket: what touched it. */
  readonly touch: string;
}

interface Kept {
  readonly mark: Mark;
  /** Written by this owner in this assignment: nobody else can have taken it. */
  readonly own: boolean;
  /** Monotonic ms when it came into the book. */
  readonly since: number;
}

/**
 * The open marks of the assigned partitions, as `marks` has them. A touch of a bucket whose own mark is open needs no
 * other: that one will be taken later, and what is taken is counted after it was taken. From the moment it is taken, a
 * touch makes a new mark.
 *
 * A mark that was read from the table stands for no later touch: the owner before may be amid its recount, and would
 * consume it without having counted what came since.
 */
export class MarkBook {
  readonly #open = new Map<string, Kept[]>();
  readonly #taken = new Set<Mark>();

  /** Whether a touch of this bucket needs a mark of its own. */
  needsMark(bucket: Omit<Mark, 'touch'>): boolean {
    return !(this.#open.get(keyOf(bucket)) ?? []).some(({ own }) => own);
  }

  /** Puts marks in that this owner has just written, and that are durable. */
  add(marks: readonly Mark[], monotonicMs: number): void {
    this.#add(marks, monotonicMs, true);
  }

  /** Puts marks in that were found in the table. */
  addFound(marks: readonly Mark[], monotonicMs: number): void {
    this.#add(marks, monotonicMs, false);
  }

  #add(marks: readonly Mark[], monotonicMs: number, own: boolean): void {
    for (const mark of marks) {
      const key = keyOf(mark);
      const kept = this.#open.get(key) ?? [];
      if (kept.some((one) => one.mark.touch === mark.touch)) continue;
      this.#open.set(key, [...kept, { mark, own, since: monotonicMs }]);
    }
  }

  /** Takes open marks of one level and rollup that are due, at most `limit` buckets, the earliest first. */
  take(level: Level, rollup: RollupName, isDue: (mark: Mark, sinceMs: number) => boolean, limit: number): Mark[] {
    const due: { key: string; kept: readonly Kept[] }[] = [];
    for (const [key, kept] of this.#open) {
      const [first] = kept;
      if (first === undefined || first.mark.level !== level || first.mark.rollup !== rollup) continue;
      if (isDue(first.mark, first.since)) due.push({ key, kept });
    }
    due.sort((a, b) => a.kept[0]!.mark.bucketEnd - b.kept[0]!.mark.bucketEnd);
    const marks: Mark[] = [];
    for (const { key, kept } of due.slice(0, limit)) {
      this.#open.delete(key);
      for (const { mark } of kept) {
        this.#taken.add(mark);
        marks.push(mark);
      }
    }
    return marks;
  }

  /** Their recount is done and they are consumed. */
  done(marks: readonly Mark[]): void {
    for (const mark of marks) this.#taken.delete(mark);
  }

  /** Their recount failed: they are open as before, unless their partition has gone meanwhile. */
  putBack(marks: readonly Mark[], monotonicMs: number): void {
    const still = marks.filter((mark) => this.#taken.has(mark));
    this.done(marks);
    // Whether they were consumed all the same is not known: what comes needs marks of its own.
    this.addFound(still, monotonicMs);
  }

  /**
   * The earliest bucket of a partition and level that ends after `after` and is not recounted yet, seconds since 1970;
   * Infinity when there is none. O(open marks).
   */
  earliest(partition: number, level: Level, after = 0): number {
    let earliest = Infinity;
    const look = (mark: Mark) => {
      if (mark.partition === partition && mark.level === level && mark.bucketEnd > after)
        earliest = Math.min(earliest, mark.bucketEnd);
    };
    for (const kept of this.#open.values()) for (const { mark } of kept) look(mark);
    for (const mark of this.#taken) look(mark);
    return earliest;
  }

  /** Forgets a partition that went to another aggregator, which reads its marks from the table. */
  drop(partition: number): void {
    for (const [key, kept] of this.#open) {
      const left = kept.filter(({ mark }) => mark.partition !== partition);
      if (left.length === 0) this.#open.delete(key);
      else this.#open.set(key, left);
    }
    for (const mark of this.#taken) if (mark.partition === partition) this.#taken.delete(mark);
  }

  /** Whether any mark of the partition is open, of any level. */
  isOpen(partition: number): boolean {
    return LEVELS.some((level) => Number.isFinite(this.earliest(partition, level)));
  }

  get size(): number {
    return this.#open.size + this.#taken.size;
  }
}

function keyOf({ level, rollup, service, subject, bucketEnd, partition }: Omit<Mark, 'touch'>): string {
  return `${level}\n${rollup}\n${service}\n${subject}\n${bucketEnd}\n${partition}`;
}
