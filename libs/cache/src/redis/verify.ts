import type { TierProblem } from '../tier/tier.js';
import { messageOf, type OpenRedis } from './open-redis.js';
import type { RedisRemovals } from './removals.js';
import { readRow } from './row.js';
import * as scripts from './scripts.js';
import { lastId, walk, type Met } from './walking.js';

/** Entries whose values are checked at once. */
const CHECKED_AT_ONCE = 32;
const ORPHAN = { problem: 'orphan', message: 'An entry is counted that is not there.' } as const;

/** Walks all entries of a cache, and says what is wrong with them and with the totals. */
export async function* verifyEntries(
  redis: OpenRedis,
  removals: RedisRemovals,
  repair: boolean,
): AsyncIterable<TierProblem> {
  const before = await lastId(redis);
  let bytes = 0;
  for await (const page of walk(redis, { all: true })) {
    for (const met of page) bytes += met.info.bytes;
    for (let from = 0; from < page.length; from += CHECKED_AT_ONCE)
      yield* check(redis, removals, page.slice(from, from + CHECKED_AT_ONCE), repair);
  }
  // Only what nobody wrote to meanwhile can be counted.
  const [wrong] = await redis.run(scripts.RECOUNT, [before, String(bytes), repair ? '1' : '0']);
  if (wrong === 1)
    yield { tier: 'redis', problem: 'miscounted', message: 'The bytes of all entries are not what was counted.' };
}

async function* check(
  redis: OpenRedis,
  removals: RedisRemovals,
  page: readonly Met[],
  repair: boolean,
): AsyncIterable<TierProblem> {
  const rows = await redis.track(redis.rowsOf(page.map(({ bytes }) => bytes)));
  for (const [i, { info, bytes, there }] of page.entries()) {
    const row = rows[i];
    // Gone since the page was read, or by the server, which the totals learn in time.
    if (row === undefined && there) continue;
    const problem = row === undefined ? ORPHAN : problemOf(redis, bytes, row);
    if (problem === undefined) continue;
    if (repair) await removals.removeKey(info.key, 'invalidated');
    yield { tier: 'redis', key: info.key, ...problem };
  }
}

function problemOf(
  { codec }: OpenRedis,
  key: Buffer,
  bytes: Buffer,
): Pick<TierProblem, 'problem' | 'message'> | undefined {
  const row = readRow(key, bytes);
  if (row === 'corrupt') return { problem: row, message: 'The checksum of an entry is another one.' };
  if (row === 'older-format') return { problem: row, message: 'An entry is of another version.' };
  if (row.meta.negative) return undefined;
  if (row.codec !== codec.id)
    return { problem: 'older-format', message: `An entry was written by codec ${row.codec}.` };
  try {
    codec.decode(Uint8Array.prototype.slice.call(row.content) as Uint8Array);
    return undefined;
  } catch (error) {
    return { problem: 'invalid-value', message: `The value of an entry cannot be decoded: ${messageOf(error)}` };
  }
}
