import { BELOW } from '#libs/clickhouse';
import type { Level } from '#libs/contracts';
import type { PartitionState } from '../progress/partition-state.js';

/**
 * Whether a bucket that a partition touched is over: as far as that partition goes, and as every other goes in which
 * something flows, since their events would have it recounted once more. Waiting for them holds no answer up: the boundary
 * of answers is the least over those partitions, and what is later is answered from raw events.
 *
 * @param bucketEnd seconds since 1970.
 */
export function isOver(
  level: Level,
  bucketEnd: number,
  own: PartitionState,
  all: readonly PartitionState[],
  monotonicMs: number,
): boolean {
  const past = (state: PartitionState) => reached(state, level) >= bucketEnd;
  const silent = level === '10s' && own.tracker.idle(monotonicMs);
  return (silent || past(own)) && all.every((state) => state === own || !state.flows || past(state));
}

/** How far a partition is on what a level is counted from, seconds since 1970. */
function reached({ tracker, settled }: PartitionState, level: Level): number {
  const below = BELOW[level];
  return below === undefined ? tracker.watermark / 1_000 : settled[below];
}
