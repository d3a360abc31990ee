import { LEVEL_MS, LEVELS, type Level } from '#libs/contracts';
import type { Mark } from './mark-book.js';

/** What a recount of some buckets touches on the level above: each of its buckets once, by partition. Empty at the top. */
export function touchedAbove(level: Level, marks: readonly Mark[]): Omit<Mark, 'touch'>[] {
  const above = LEVELS[LEVELS.indexOf(level) + 1];
  if (above === undefined) return [];
  const step = LEVEL_MS[above] / 1_000;
  const buckets = new Map<string, Omit<Mark, 'touch'>>();
  for (const { rollup, service, subject, bucketEnd, partition } of marks) {
    const end = Math.floor((bucketEnd - 1) / step) * step + step;
    const key = `${rollup}\n${service}\n${subject}\n${end}\n${partition}`;
    buckets.set(key, { level: above, rollup, service, subject, bucketEnd: end, partition });
  }
  return [...buckets.values()];
}
