import { AGGREGATOR_GROUP, EVENTS_TOPIC } from '#libs/contracts';
import type { EventLog } from '#libs/event-log';

export interface PartitionReading {
  readonly partition: number;
  readonly earliest: number;
  readonly next: number;
  /** Null when the group has not committed yet. */
  readonly committed: number | null;
  readonly lag: number;
}

/** Where each partition of the log ends, and how far the aggregator is. Offsets are below 2^53 for any log there will be. */
export async function readLog(log: EventLog): Promise<PartitionReading[]> {
  const [ranges, commits] = await Promise.all([
    log.ranges(EVENTS_TOPIC),
    log.committed(EVENTS_TOPIC, AGGREGATOR_GROUP),
  ]);
  const committedBy = new Map(commits.map(({ partition, offset }) => [partition, offset]));
  return ranges
    .map(({ partition, earliest, next }) => {
      const committed = committedBy.get(partition);
      const from = committed === undefined || committed < earliest ? earliest : committed;
      return {
        partition,
        earliest: Number(earliest),
        next: Number(next),
        committed: committed === undefined ? null : Number(committed),
        lag: Number(next > from ? next - from : 0n),
      };
    })
    .sort((a, b) => a.partition - b.partition);
}
