import { ByteWriter, RowEncoder } from '#libs/clickhouse';
import {
  EVENT_KINDS,
  EVENT_TABLES,
  eventBucketEnd,
  type Event,
  type EventKind,
  type EventTable,
} from '#libs/contracts';
import { DAY_MS } from '#libs/time';
import type { DecodedRecord, PoisonRecord } from '../consume/decode-record.js';
import { NO_INSTANCE, type BatchRow, type DeadLetterRow } from './bookkeeping.js';
import { indexesOf, storedHash, type KnownBatch } from './identity.js';
import { TouchedBuckets } from './touched.js';

/**
 * Collectors reject by a lateness that is configurable there. These bounds are wider than any of it: they keep a faulty
 * record from touching thousands of days, each of which is a part of its own.
 */
const MAX_AGE_MS = 30 * DAY_MS;
const MAX_AHEAD_MS = DAY_MS;

const ENCODERS = new Map(
  EVENT_KINDS.map((kind) => {
    const table = EVENT_TABLES[kind] as unknown as EventTable;
    return [kind, { table, encoder: new RowEncoder<Event>(table.columns as never) }] as const;
  }),
);

/** An emitter that a record of the block comes from, and through what time its windows are closed. */
export interface Heard {
  readonly partition: number;
  readonly instance: string;
  readonly acceptedAt: number;
  /** ms since 1970; 0 when the record says nothing about time. */
  readonly closedThrough: number;
}

export interface TableBytes {
  readonly table: string;
  readonly columnList: string;
  readonly bytes: Buffer;
  readonly rows: number;
}

/**
 * What one round of inserts writes. Rows are a pure function of the records, so that a block built again from the same
 * records, or from some of them together with others, writes the same rows.
 */
export class Block {
  readonly #tables = new Map<EventKind, { out: ByteWriter; rows: number }>();
  readonly batches: BatchRow[] = [];
  readonly deadLetters: DeadLetterRow[] = [];
  readonly touched = new TouchedBuckets();
  readonly heard: Heard[] = [];
  rows = 0;

  /** @param rawFrom ms since 1970: older buckets are no longer kept raw, and what belongs there goes to the dead letters. */
  constructor(private readonly rawFrom: number) {}

  /**
   * Inserts a record again that `batches` has at this very offset: the rows that it had then, as far as raw events of
   * their time are still kept. What was decided then stands, in `batches` and in the dead letters.
   */
  addAgain(record: DecodedRecord, before: KnownBatch): void {
    const held = indexesOf([before]);
    for (const { event, index } of record.events) {
      const bucketEnd = eventBucketEnd(event);
      if (bucketEnd > this.rawFrom && held.has(index)) this.#insert(event, index, record, bucketEnd);
    }
  }

  /** @returns the row of `batches` that says what was inserted. */
  add(record: DecodedRecord): BatchRow {
    const { instance, headers, batch, partition, offset, events } = record;
    const acceptedAt = headers.originalAcceptedAt ?? headers.acceptedAt;
    let earliest = Infinity;
    let latest = 0;
    const inserted: number[] = [];
    for (const { event, index } of events) {
      const bucketEnd = eventBucketEnd(event);
      const outside = this.#outside(bucketEnd, acceptedAt);
      if (outside !== undefined) {
        this.deadLetters.push({
          ...place(record),
          acceptedAt,
          index,
          cause: 'too_late',
          reason: outside,
          pointer: `/events/${index}`,
          event: JSON.stringify(event),
        });
        continue;
      }
      this.#insert(event, index, record, bucketEnd);
      earliest = Math.min(earliest, bucketEnd);
      latest = Math.max(latest, bucketEnd);
      inserted.push(index);
    }
    for (const rejection of headers.rejections ?? [])
      this.deadLetters.push({
        ...place(record),
        acceptedAt,
        index: rejection.index,
        cause: 'rejected',
        reason: rejection.reason,
        pointer: rejection.pointer,
        event: rejection.event ?? '',
      });
    const row: BatchRow = {
      instance,
      sequence: headers.sequence,
      partition,
      offset,
      service: batch.emitter.service,
      acceptedAt,
      events: inserted.length,
      rejected: headers.rejections?.length ?? 0,
      // In order and complete unless something was left out, here or by the collector.
      indexes: inserted.every((index, at) => index === at) ? [] : inserted,
      hash: storedHash(headers.hash, headers.originalAcceptedAt !== undefined),
      dropped: batch.dropped ?? {},
      earliestBucket: Number.isFinite(earliest) ? earliest / 1_000 : 0,
      latestBucket: latest / 1_000,
    };
    this.batches.push(row);
    return row;
  }

  addPoison(record: PoisonRecord, appendedAt: number): void {
    this.deadLetters.push({
      instance: NO_INSTANCE,
      sequence: 0,
      index: 0,
      partition: record.partition,
      offset: record.offset,
      service: '',
      acceptedAt: appendedAt,
      cause: 'poison',
      reason: record.reason,
      pointer: '',
      event: record.excerpt,
    });
  }

  /** A batch whose identity stands with other bytes: it does not count, and can be found under that identity. */
  addConflict(record: DecodedRecord): void {
    const { acceptedAt, originalAcceptedAt, events, hash } = record.headers;
    this.deadLetters.push({
      ...place(record),
      acceptedAt: originalAcceptedAt ?? acceptedAt,
      index: 0,
      cause: 'conflict',
      reason: 'another batch came first under this identity, with other bytes; it counts, this one does not',
      pointer: '',
      event: JSON.stringify({ events, hash }),
    });
  }

  tables(): TableBytes[] {
    return [...this.#tables].map(([kind, { out, rows }]) => {
      const { table, encoder } = ENCODERS.get(kind)!;
      return { table: table.table, columnList: encoder.columnList, bytes: out.bytes(), rows };
    });
  }

  /** Why an event of that time is not inserted, or undefined. */
  #outside(bucketEnd: number, acceptedAt: number): string | undefined {
    if (bucketEnd <= this.rawFrom) return 'raw events of that time are no longer kept';
    if (bucketEnd < acceptedAt - MAX_AGE_MS || bucketEnd > acceptedAt + MAX_AHEAD_MS)
      return 'its time is further from its accept time than any collector allows';
    return undefined;
  }

  #insert(event: Event, index: number, { partition, offset, batch, headers }: DecodedRecord, bucketEnd: number): void {
    const { table, encoder } = ENCODERS.get(event.kind)!;
    let target = this.#tables.get(event.kind);
    if (target === undefined) this.#tables.set(event.kind, (target = { out: new ByteWriter(), rows: 0 }));
    encoder.write(target.out, event, { emitter: batch.emitter, sequence: headers.sequence, index });
    target.rows++;
    this.rows++;
    if (table.rollup === undefined) return;
    const subject = (table.subject as (event: Event) => string)(event);
    this.touched.add(
      { rollup: table.rollup, service: batch.emitter.service, subject, bucketEnd: bucketEnd / 1_000, partition },
      offset,
    );
  }
}

function place({ instance, headers, partition, offset, batch }: DecodedRecord) {
  return { instance, sequence: headers.sequence, partition, offset, service: batch.emitter.service };
}
