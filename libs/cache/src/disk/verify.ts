import { setImmediate as nextTurn } from 'node:timers/promises';
import type { TierProblem } from '../tier/tier.js';
import { LAYOUT, type Bytes, type CacheDatabases, type CacheEnvironment } from './environment.js';
import { endOfKey, idKey, idOfTagKey, orderKey, readOrder, endKey, tagHash, tagKey } from './keys.js';
import { keyAt } from './place.js';
import { endOf, openContent, readRow, SMALL, type Row } from './row.js';
import { readTotals } from './totals.js';
import type { ValueCodec } from './value-codec.js';
import type { WriteQueue } from './write-queue.js';
import type { Work } from './work.js';

const WALKED_AT_ONCE = 256;

export interface Verification {
  readonly environment: CacheEnvironment;
  readonly databases: CacheDatabases;
  readonly queue: WriteQueue;
  readonly codec: ValueCodec;
  /** Ms since 1970. */
  readonly now: number;
  readonly repair: boolean;
}

interface Finding {
  readonly problem: TierProblem['problem'];
  readonly message: string;
  readonly key?: string | undefined;
  readonly mend: (work: Work) => void;
}

/**
 * Walks all databases of a cache, some rows at a time, each judged as it is then, so that writes may go on. Totals are
 * compared only when nothing was written meanwhile.
 */
export async function* verifyDatabases(verification: Verification): AsyncIterable<TierProblem> {
  const { databases, queue, environment, repair } = verification;
  const { index, contents, order, ends, tags } = databases;
  const refresh = () => environment.root.resetReadTxn();
  refresh();
  const before = readTotals(databases.meta, LAYOUT);
  const walks: [Bytes, (key: Buffer, value: Buffer) => Finding | undefined][] = [
    [index, (place, bytes) => inIndex(verification, place, bytes)],
    [
      order,
      (key, value) => {
        const waiting = readOrder(key, value);
        return rowAt(index, waiting.place)?.seq === waiting.seq
          ? undefined
          : orphan('A place in a queue', (work) => work.takeOff(waiting));
      },
    ],
    [
      ends,
      (key, place) =>
        rowAt(index, place)?.id === endOfKey(key).id ? undefined : orphan('An end of time', () => ends.remove(key)),
    ],
    [
      tags,
      (key, place) =>
        rowAt(index, place)?.id === idOfTagKey(key) ? undefined : orphan('A tag', () => tags.remove(key)),
    ],
  ];
  // Contents do not say whose they are: those of entries are remembered, and others have none.
  const owners = new Set<number>();
  for (const [database, judge] of walks)
    for await (const rows of walk(database, refresh)) {
      for (const { key, value } of rows) {
        if (database === index) {
          const row = readRow(key, value);
          if (typeof row === 'object' && row.content === undefined) owners.add(row.id);
        }
        const finding = judge(key, value);
        if (finding !== undefined) yield* told(finding, queue, repair);
      }
    }
  for await (const rows of walk(contents, refresh, false))
    for (const { key } of rows) {
      const id = key.readUIntBE(0, 6);
      if (!owners.has(id) && id < (before?.nextId ?? 0))
        yield* told(
          orphan('A content', () => contents.remove(key)),
          queue,
          repair,
        );
    }
  const miscounted = await miscount(verification, refresh);
  if (miscounted !== undefined) yield* told(miscounted, queue, repair);
}

/** Adds up what waits in the queues, and compares: only if nothing was written meanwhile. */
async function miscount({ databases, queue }: Verification, refresh: () => void): Promise<Finding | undefined> {
  refresh();
  const before = readTotals(databases.meta, LAYOUT);
  const sum = { entries: 0, bytes: 0, smallBytes: 0 };
  for await (const rows of walk(databases.order, refresh))
    for (const { key, value } of rows) {
      const { queue, weight } = readOrder(key, value);
      sum.entries++;
      sum.bytes += weight;
      if (queue === SMALL) sum.smallBytes += weight;
    }
  return queue.do(({ totals }) => {
    const { entries, bytes, smallBytes, nextId } = totals;
    const same = (other: typeof sum | undefined) =>
      other?.entries === entries && other.bytes === bytes && other.smallBytes === smallBytes;
    if (nextId !== before?.nextId || !same(before) || same(sum)) return undefined;
    return {
      problem: 'miscounted',
      message: `${sum.entries} entries of ${sum.bytes} bytes are there, and ${entries} of ${bytes} are counted.`,
      mend(work) {
        // What others wrote since the two were compared stays counted.
        for (const field of ['entries', 'bytes', 'smallBytes'] as const)
          work.totals[field] += sum[field] - totals[field];
      },
    };
  });
}

function inIndex({ databases, codec, now }: Verification, place: Buffer, bytes: Buffer): Finding | undefined {
  const row = readRow(place, bytes);
  if (typeof row === 'string')
    return {
      problem: row,
      message: row === 'corrupt' ? 'Its checksum is another one.' : 'It was written by another version.',
      key: keyAt(place),
      mend: (work) => void work.dropUnreadable(place),
    };
  const { key, meta, id, codec: writtenBy } = row;
  const drop = (problem: Finding['problem'], message: string): Finding => ({
    problem,
    message,
    key,
    mend: (work) => void work.drop(place, problem === 'expired' ? 'expired' : 'invalidated', id),
  });
  const end = endOf(meta);
  if (end !== undefined && end <= now) return drop('expired', 'Its time is over, and it has not been swept out yet.');
  const content = row.content ?? openContent(place, id, databases.contents.getBinary(idKey(id)));
  if (content === undefined) return drop('corrupt', 'The checksum of its value is another one.');
  if (writtenBy !== codec.id) return drop('older-format', `It was written by codec ${writtenBy}.`);
  try {
    if (!meta.negative) codec.decode(Uint8Array.prototype.slice.call(content) as Uint8Array);
  } catch {
    return drop('corrupt', 'Its value cannot be decoded.');
  }
  if (!databases.order.doesExist(orderKey(row.queue, row.seq)))
    return drop('orphan', 'It waits in no queue, and would never be evicted.');
  if (end !== undefined && !databases.ends.doesExist(endKey(end, id)))
    return drop('orphan', 'The end of its time is not noted, and it would stay.');
  const untold = meta.tags?.find((tag) => !databases.tags.doesExist(tagKey(tagHash(tag), id)));
  if (untold !== undefined) return drop('orphan', 'A tag does not lead to it, and would not remove it.');
  return undefined;
}

function rowAt(index: Bytes, place: Buffer): Row | undefined {
  const bytes = index.getBinary(place);
  const row = bytes === undefined ? undefined : readRow(place, bytes);
  return typeof row === 'object' ? row : undefined;
}

function orphan(what: string, remove: (work: Work) => unknown): Finding {
  return { problem: 'orphan', message: `${what} belongs to no entry.`, mend: (work) => void remove(work) };
}

async function* told({ mend, key, ...rest }: Finding, queue: WriteQueue, repair: boolean): AsyncIterable<TierProblem> {
  if (repair) await queue.do(mend);
  yield { tier: 'disk', ...rest, ...(key !== undefined && { key }) };
}

async function* walk(
  database: Bytes,
  refresh: () => void,
  values = true,
): AsyncIterable<{ readonly key: Buffer; readonly value: Buffer }[]> {
  for (let after: Buffer | undefined; ;) {
    refresh();
    const start = after === undefined ? {} : { start: after, exclusiveStart: true };
    const rows = values
      ? [...database.getRange({ ...start, limit: WALKED_AT_ONCE })]
      : Array.from(database.getKeys({ ...start, limit: WALKED_AT_ONCE }), (key) => ({ key, value: Buffer.alloc(0) }));
    if (rows.length === 0) return;
    after = rows.at(-1)!.key;
    yield rows;
    await nextTurn();
  }
}
