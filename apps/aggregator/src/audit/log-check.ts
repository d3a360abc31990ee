import { decodeHeaders, EVENTS_TOPIC, isInstance } from '#libs/contracts';
import { EventLogError, type EventLog, type LogRecord } from '#libs/event-log';
import { DAY_MS } from '#libs/time';
import type { AggregatorStore } from '../aggregator-store.js';
import { decide, identityKey, type Candidate, type KnownBatch } from '../insert/identity.js';
import { KEEP } from '../retention/keep.js';
import type { AuditStore } from './audit-store.js';
import { NOTHING_FOUND, sumOf, type Chunk, type Finding } from './findings.js';

/** Records in one chunk of the log's check. */
export const LOG_CHUNK = 500;
/** Records in one slice. */
const LOG_SLICE = 1_000 * LOG_CHUNK;

/** Slices of the committed records that the log still holds, by their first offset. */
export function logSlices(earliest: bigint, committed: bigint): number[] {
  const slices: number[] = [];
  for (let at = Number(earliest) - (Number(earliest) % LOG_SLICE); at < Number(committed); at += LOG_SLICE)
    slices.push(at);
  return slices;
}

/** Chunks of some slices in a row; the last one grows as the commits go on. */
export function logChunks(slices: readonly number[], earliest: bigint, committed: bigint): Chunk[] {
  const chunks: Chunk[] = [];
  const [first = 0, end] = [slices[0], Math.min((slices.at(-1) ?? 0) + LOG_SLICE, Number(committed))];
  for (let at = Math.max(first, Number(earliest) - (Number(earliest) % LOG_CHUNK)); at < end; at += LOG_CHUNK)
    chunks.push({ at, size: Math.min(LOG_CHUNK, end - at) });
  return chunks;
}

/** What the dead letters say of the record at one offset. */
export interface Letters {
  readonly poison: boolean;
  readonly conflict: boolean;
  /** Events of the record that were too late. */
  readonly tooLate: number;
}

export const NO_LETTERS: Letters = { poison: false, conflict: false, tooLate: 0 };

/**
 * Whether everything that a record brought is accounted for: in `batches` at its own offset, taken by a lower offset of
 * its identity, or in the dead letters. What counts is decided as the inserter does it, from lower offsets alone. Pure.
 *
 * @param record undefined when its headers cannot be read: then it must be a poison letter.
 * @param known what `batches` has of its identity.
 */
export function judge(record: Candidate | undefined, known: readonly KnownBatch[], letters: Letters): Finding {
  if (record === undefined) return { ...NOTHING_FOUND, checked: 1, lost: letters.poison ? 0 : 1 };
  const checked = record.indexes.length;
  if (letters.poison) return { ...NOTHING_FOUND, checked };
  // A record without events counts as one: its row must be there.
  const missing = (events: number) => ({ ...NOTHING_FOUND, checked, lost: events });
  const { decision, taken } = decide(known, record);
  if (decision === 'resend') return missing(0);
  if (decision === 'conflict') return { ...missing(letters.conflict ? 0 : Math.max(1, checked)), conflicts: 1 };
  const own = known.find(({ offset }) => offset === record.offset);
  const expected = checked - (taken?.size ?? 0);
  if (own === undefined) return missing(Math.max(1, expected));
  return missing(Math.max(0, expected - own.events - letters.tooLate));
}

/** The committed records of a chunk against `batches` and the dead letters. `through` is when the last one was appended. */
export async function checkLog(
  log: EventLog,
  store: AggregatorStore,
  audit: AuditStore,
  partition: number,
  { at, size }: Chunk,
  nowMs: number,
): Promise<{ finding: Finding; through: number }> {
  const records = await readHeaders(log, partition, BigInt(at), BigInt(at + size));
  const announced = records.map((record) => ({
    ...announcedBy(record),
    appendedAt: record.appendedAt,
    offset: record.offset,
  }));
  const identities = announced.flatMap(({ identity }) => identity ?? []);
  const [known, letters] = await Promise.all([
    store.knownBatches(identities, { merged: true }),
    audit.lettersOf(
      partition,
      at,
      at + size,
      new Set(announced.flatMap(({ acceptedAt, appendedAt }) => [dayOf(appendedAt), dayOf(acceptedAt ?? appendedAt)])),
    ),
  ]);
  // Rows of `batches` go with the day on which they were accepted, also where the log is kept longer. They go by their
  // age and no other way, but the clock alone does not say so: it may be wrong. Asked for after the rows themselves, so
  // that a day that is dropped meanwhile is not taken for a loss.
  const isOld = ({ acceptedAt }: Announced) =>
    acceptedAt !== undefined && dayOf(acceptedAt) < dayOf(nowMs - KEEP.batches);
  const oldestKept = announced.some(isOld) ? dayOf((await audit.acceptedDays())[0] ?? -Infinity) : -Infinity;
  const finding = sumOf(
    announced
      .filter((one) => !isOld(one) || dayOf(one.acceptedAt!) >= oldestKept)
      .map(({ identity, candidate, offset }) =>
        judge(
          candidate,
          (identity && known.get(identityKey(identity.instance, identity.sequence))) ?? [],
          letters.get(offset) ?? NO_LETTERS,
        ),
      ),
  );
  return { finding, through: records.at(-1)?.appendedAt ?? 0 };
}

type Headers = Omit<LogRecord, 'value'>;

/**
 * The records from one offset up to another that the log still holds, without their values: those of 500 records may be
 * very large. @throws EventLogError when the log holds an offset and does not give it: what was not read was not checked.
 */
async function readHeaders(log: EventLog, partition: number, from: bigint, end: bigint): Promise<Headers[]> {
  const kept: Headers[] = [];
  for (let next = from; next < end;) {
    const page = await log.read(EVENTS_TOPIC, { partition, offset: next }, Number(end - next));
    const ends = page.length === 0 ? [end] : page.map(({ offset }) => (offset < end ? offset : end));
    for (const [index, offset] of ends.entries()) {
      if (offset > next) await mustBeGone(log, partition, next, offset);
      next = offset;
      if (offset >= end) break;
      const { key, headers, appendedAt } = page[index]!;
      kept.push({ partition, offset, key, headers, appendedAt });
      next++;
    }
  }
  return kept;
}

async function mustBeGone(log: EventLog, partition: number, from: bigint, end: bigint): Promise<void> {
  const range = (await log.ranges(EVENTS_TOPIC)).find((one) => one.partition === partition);
  if (range !== undefined && range.earliest >= end) return;
  throw new EventLogError(
    'LOG_UNAVAILABLE',
    `Offsets ${from} to ${end - 1n} of partition ${partition} are committed and the log did not give them. They are read again; when that does not help, look for what was removed from the log.`,
    true,
  );
}

interface Announced {
  readonly identity?: { readonly instance: string; readonly sequence: number };
  readonly candidate?: Candidate;
  readonly acceptedAt?: number;
}

/** What key and headers say; nothing when they cannot be read. */
function announcedBy({ key, headers, offset }: Headers): Announced {
  try {
    const { sequence, events, hash, indexes, acceptedAt, originalAcceptedAt } = decodeHeaders(headers);
    if (!isInstance(key)) return {};
    return {
      identity: { instance: key, sequence },
      candidate: {
        offset,
        hash,
        letter: originalAcceptedAt !== undefined,
        indexes: indexes ?? Array.from({ length: events }, (_, index) => index),
      },
      acceptedAt: originalAcceptedAt ?? acceptedAt,
    };
  } catch {
    return {};
  }
}

function dayOf(ms: number): number {
  return Math.floor(ms / DAY_MS);
}
