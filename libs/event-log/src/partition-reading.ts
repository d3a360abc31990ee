import type { EventLog } from './event-log.js';

/** One partition as a group sees it. */
export interface PartitionReading {
  readonly partition: number;
  readonly earliest: number;
  readonly next: number;
  /** Null when the group has not committed yet. */
  readonly committed: number | null;
  readonly lag: number;
}

/** What the log says of a topic, in words, for readiness. @throws EventLogError when it does not answer. */
export async function describeTopic(log: EventLog, topic: string): Promise<string> {
  const ranges = await log.ranges(topic);
  return `The log answers: ${ranges.length} partitions of ${topic}.`;
}

/** Where each partition of the log ends, and how far the group is. Offsets are below 2^53 for any log there will be. */
export async function readPartitions(log: EventLog, topic: string, group: string): Promise<PartitionReading[]> {
  const [ranges, commits] = await Promise.all([log.ranges(topic), log.committed(topic, group)]);
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
