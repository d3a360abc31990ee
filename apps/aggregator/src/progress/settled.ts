import { LEVEL_MS, LEVELS, type Level } from '#libs/contracts';

/** Per level the end of the last bucket that is final as far as one partition goes, seconds since 1970. */
export type Settled = Readonly<Record<Level, number>>;

export const NOTHING_SETTLED: Settled = { '10s': 0, '1m': 0, '1h': 0 };

/**
 * How far a partition is settled: a bucket is when the watermark has passed its end and no mark at or before it is open,
 * on this level or one below. Never goes back: what comes later than its bucket was settled is recounted as a revision.
 *
 * @param through ms since 1970: the watermark, or for an idle partition the time that has passed.
 * @param earliestOpen earliest bucket end after a given one with an open mark, by level, in seconds; Infinity for none.
 */
export function advanceSettled(
  before: Settled,
  through: number,
  earliestOpen: (level: Level, after: number) => number,
): Settled {
  let limit = Math.floor(through / 1_000);
  const after: Record<Level, number> = { ...before };
  for (const level of LEVELS) {
    const step = LEVEL_MS[level] / 1_000;
    // An open mark up to the settled end belongs to late events and holds nothing back; the first one beyond it does.
    limit = Math.min(limit, earliestOpen(level, before[level]) - step);
    const reached = Math.floor(limit / step) * step;
    if (reached > before[level]) after[level] = reached;
    limit = Math.min(limit, after[level]);
  }
  return after;
}
