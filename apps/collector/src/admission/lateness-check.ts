import { readCommitMetadata } from '#libs/contracts';
import type { Committed } from '#libs/event-log';

/**
 * What is wrong when an aggregator gives events up that this collector would let in: it says with each commit how late
 * they may be. Undefined when all agree, or have said nothing yet. Pure.
 */
export function latenessProblem(maxAgeMs: number, committed: readonly Committed[]): string | undefined {
  const hours = (ms: number) => ms / 3_600_000;
  for (const { partition, metadata } of committed) {
    const { latenessMs } = readCommitMetadata(metadata);
    if (latenessMs !== undefined && latenessMs < maxAgeMs)
      return (
        `Events up to ${hours(maxAgeMs)} h old are let in here, but the aggregator of partition ${partition} said with its ` +
        `last commit that it keeps raw events for ${hours(latenessMs)} h of lateness only: set ALPERF_LATE_HOURS to the same value for both.`
      );
  }
  return undefined;
}
