import type { Message, RecordMetadata } from 'kafkajs';
import { EventLogError } from '../errors.js';
import type { NewRecord, Position } from '../event-log.js';

/** What a record costs besides its key, value and headers: lengths, deltas and the batch's header, rounded up. */
const RECORD_OVERHEAD_BYTES = 96;

/**
 * Positions in the order of the messages.
 * kafkajs resolves without a partition's answer when its leader moved during a retry: that is a failure, not an append.
 */
export function positionsOf(
  messages: readonly (Message & { partition: number })[],
  answers: readonly RecordMetadata[],
): Position[] {
  const next = new Map<number, bigint>();
  for (const { partition, baseOffset, errorCode } of answers)
    if (errorCode === 0 && baseOffset !== undefined && !baseOffset.startsWith('-'))
      next.set(partition, BigInt(baseOffset));
  return messages.map(({ partition }) => {
    const offset = next.get(partition);
    if (offset === undefined)
      throw new EventLogError('LOG_UNAVAILABLE', `Partition ${partition} did not acknowledge.`, true);
    next.set(partition, offset + 1n);
    return { partition, offset };
  });
}

/** Bytes of a record in a request, rounded up. */
export function sizeOf({ key, value, headers }: NewRecord): number {
  let size = RECORD_OVERHEAD_BYTES + Buffer.byteLength(key) + value.byteLength;
  for (const [name, text] of Object.entries(headers)) size += name.length + Buffer.byteLength(text) + 8;
  return size;
}

/** A partition as the partitioner wants to see it. */
export const placeholder = (partitionId: number) => ({
  partitionErrorCode: 0,
  partitionId,
  leader: 0,
  replicas: [],
  isr: [],
});
