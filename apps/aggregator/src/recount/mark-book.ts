import type { RollupName } from '#libs/clickhouse';
import type { Level } from '#libs/contracts';

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
  /** Monotonic ms when it came into the book. */
  readonly since: number;
}

/**
 * The open marks of the assigned partitions, as `marks` has them. A touch of a bucket whose mark is open needs no other:
 * that one will be taken later, and what is taken is counted after it was taken. From the moment it is taken, a touch
 * makes a new mark.
 */
export class MarkBook {
  readonly #open = new Map<string, Kept[]>();
  readonly #taken = new Set<Mark>();

  /** Whether a touch of this bucket needs a mark of its own. */
  needsMark(bucket: Omit<Mark, 'touch'>): boolean {
    return !this.#open.has(keyOf(bucket));
  }

  /** Puts marks in that are durable. */
  add(marks: readonly Mark[], monotonicMs: number): void {
    for (const mark of marks) {
      const key = keyOf(mark);
      const kept = this.#open.get(key) ?? [];
      if (kept.some((one) => one.mark.touch === mark.touch)) continue;
      this.#open.set(key, [...kept, { mark, since: monotonicMs }]);
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

  /** Their recount failed: they are open as before. */
  putBack(marks: readonly Mark[], monotonicMs: number): void {
    this.done(marks);
    this.add(marks, monotonicMs);
  }

  /** The earliest bucket of a partition and level that is not recounted yet, seconds since 1970; Infinity when there is none. */
  earliest(partition: number, level: Level): number {
    let earliest = Infinity;
    const look = (mark: Mark) => {
      if (mark.partition === partition && mark.level === level) earliest = Math.min(earliest, mark.bucketEnd);
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

  get size(): number {
    return this.#open.size + this.#taken.size;
  }
}

function keyOf({ level, rollup, service, subject, bucketEnd, partition }: Omit<Mark, 'touch'>): string {
  return `${level}\n${rollup}\n${service}\n${subject}\n${bucketEnd}\n${partition}`;
}
