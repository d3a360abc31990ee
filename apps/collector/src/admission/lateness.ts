import { eventTime, type CheckedBatch, type Event, type Rejection } from '#libs/contracts';

export interface TimeBounds {
  readonly maxAgeMs: number;
  readonly maxAheadMs: number;
}

/**
 * Rejects events whose time is too far from the accept time, so that the database never gets a row for a partition that
 * may be gone, and one wrong clock does not close buckets of the future. Pure; returns the batch itself when all pass.
 */
export function rejectByTime(checked: CheckedBatch, acceptedAt: number, bounds: TimeBounds): CheckedBatch {
  const earliest = acceptedAt - bounds.maxAgeMs;
  const latest = acceptedAt + bounds.maxAheadMs;
  const { events } = checked.batch;
  let first = 0;
  while (first < events.length && inTime(events[first]!, earliest, latest)) first++;
  if (first === events.length) return checked;

  const kept: Event[] = [];
  const indexes: number[] = [];
  const late: Rejection[] = [];
  events.forEach((event, i) => {
    const index = checked.indexes?.[i] ?? i;
    if (inTime(event, earliest, latest)) {
      kept.push(event);
      indexes.push(index);
      return;
    }
    const field = event.kind === 'cache.window' ? 'end' : 'time';
    late.push({ index, pointer: `/events/${index}/${field}`, reason: reasonOf(event, earliest, bounds) });
  });
  return {
    ...checked,
    batch: { ...checked.batch, events: kept },
    indexes,
    rejections: [...checked.rejections, ...late].sort((a, b) => a.index - b.index),
    changed: true,
  };
}

function inTime(event: Event, earliest: number, latest: number): boolean {
  const time = eventTime(event);
  return time >= earliest && time <= latest;
}

function reasonOf(event: Event, earliest: number, { maxAgeMs, maxAheadMs }: TimeBounds): string {
  return eventTime(event) < earliest
    ? `is more than ${maxAgeMs / 3_600_000} h before it was accepted`
    : `is more than ${maxAheadMs / 60_000} min after it was accepted; is the sender's clock right?`;
}
