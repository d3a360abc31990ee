import type { Column, DeadLetterCause } from '#libs/contracts';
import { DAY_MS } from '#libs/time';

/** One row of `batches`: a record that counted. */
export interface BatchRow {
  readonly instance: string;
  readonly sequence: number;
  readonly partition: number;
  readonly offset: bigint;
  readonly service: string;
  readonly acceptedAt: number;
  readonly events: number;
  readonly rejected: number;
  /** Of the rows, in the emitter's bytes; empty when they are the first `events` of them. */
  readonly indexes: readonly number[];
  /** As `storedHash` makes it. */
  readonly hash: string;
  readonly dropped: Readonly<Record<string, number>>;
  readonly earliestBucket: number;
  readonly latestBucket: number;
}

export const BATCH_COLUMNS: readonly Column<BatchRow>[] = [
  { name: 'instance', type: 'UUID', value: (row) => row.instance },
  { name: 'sequence', type: 'UInt64', value: (row) => row.sequence },
  // A Date is the number of days since 1970 in 16 bits.
  { name: 'accepted_day', type: 'UInt16', value: (row) => Math.floor(row.acceptedAt / DAY_MS) },
  { name: 'partition', type: 'UInt32', value: (row) => row.partition },
  { name: 'offset', type: 'UInt64', value: (row) => row.offset },
  { name: 'service', type: 'LowCardinality(String)', value: (row) => row.service },
  { name: 'accepted_at', type: "DateTime64(3, 'UTC')", value: (row) => row.acceptedAt },
  { name: 'events', type: 'UInt32', value: (row) => row.events },
  { name: 'rejected', type: 'UInt32', value: (row) => row.rejected },
  { name: 'indexes', type: 'Array(UInt32)', value: (row) => row.indexes },
  { name: 'hash', type: 'String', value: (row) => row.hash },
  { name: 'dropped', type: 'Map(LowCardinality(String), UInt64)', value: (row) => Object.entries(row.dropped).flat() },
  { name: 'earliest_bucket', type: "DateTime('UTC')", value: (row) => row.earliestBucket },
  { name: 'latest_bucket', type: "DateTime('UTC')", value: (row) => row.latestBucket },
];

/** One row of `dead_letters`. */
export interface DeadLetterRow {
  readonly instance: string;
  readonly sequence: number;
  readonly index: number;
  readonly partition: number;
  readonly offset: bigint;
  readonly service: string;
  readonly acceptedAt: number;
  readonly cause: DeadLetterCause;
  readonly reason: string;
  readonly pointer: string;
  readonly event: string;
}

export const NO_INSTANCE = '00000000-0000-0000-0000-000000000000';

export const DEAD_LETTER_COLUMNS: readonly Column<DeadLetterRow>[] = [
  { name: 'accepted_day', type: 'UInt16', value: (row) => Math.floor(row.acceptedAt / DAY_MS) },
  { name: 'instance', type: 'UUID', value: (row) => row.instance },
  { name: 'sequence', type: 'UInt64', value: (row) => row.sequence },
  { name: 'idx', type: 'UInt32', value: (row) => row.index },
  { name: 'partition', type: 'UInt32', value: (row) => row.partition },
  { name: 'offset', type: 'UInt64', value: (row) => row.offset },
  { name: 'service', type: 'LowCardinality(String)', value: (row) => row.service },
  { name: 'accepted_at', type: "DateTime64(3, 'UTC')", value: (row) => row.acceptedAt },
  { name: 'cause', type: 'LowCardinality(String)', value: (row) => row.cause },
  { name: 'reason', type: 'String', value: (row) => row.reason },
  { name: 'pointer', type: 'String', value: (row) => row.pointer },
  { name: 'event', type: 'String', value: (row) => row.event },
];
