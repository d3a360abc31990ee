import { describe, expect, it } from '@jest/globals';
import { disk, structuredCodec } from '../disk/index.js';
import { CacheOptionsError, createCache, type Tier } from '../index.js';
import { redis } from '../redis/index.js';

/** What a cache of the tier is told, by code that no compiler has checked. */
function problemsOf(make: (options?: never) => Tier, options: unknown): Readonly<Record<string, string>> {
  try {
    createCache({ name: 'no name', tiers: [make(options as never)] });
  } catch (error) {
    if (!(error instanceof CacheOptionsError)) throw error;
    const [, ...problems] = error.problems;
    return Object.fromEntries(problems.map(({ path, message }) => [path.replace('tiers[0].', ''), message]));
  }
  throw new Error('The name is none, and was not told.');
}

const makeDisk = disk as unknown as (options?: never) => Tier;
const makeRedis = redis as unknown as (options?: never) => Tier;
const other = { id: 20, encode: structuredCodec.encode, decode: structuredCodec.decode };

describe('Options of a disk tier', () => {
  it.each<[unknown, readonly string[]]>([
    [undefined, ['path', 'maxBytes']],
    [null, ['path', 'maxBytes']],
    [{ path: 'dq' }, ['maxBytes']],
    [{ path: 'dq', maxBytes: -1, typo: 1 }, ['typo', 'maxBytes']],
    [{ path: 5, maxBytes: Number.POSITIVE_INFINITY, maxEntries: 1.5 }, ['path', 'maxBytes', 'maxEntries']],
    [{ path: '', maxBytes: 1, codec: 'json' }, ['path', 'codec']],
    [{ path: 'a\0b', maxBytes: 1, codec: { ...other, id: 1 } }, ['path', 'codec.id']],
    [{ path: 'dq', maxBytes: 0, maxEntries: 0, codec: other }, []],
  ])('%j have problems at %j, told with those of the cache', (options, paths) => {
    expect(Object.keys(problemsOf(makeDisk, options))).toEqual(paths);
  });

  it('say what would be right', () => {
    expect(problemsOf(makeDisk, { path: 5, maxByte: 1 })).toEqual({
      maxByte: 'there is no such option. There are path, maxBytes, maxEntries, codec.',
      path: 'names no directory. Give one that can be made and written.',
      maxBytes: 'is left out. Give a number of bytes: a disk has an end.',
    });
  });
});

describe('Options of a Redis tier', () => {
  it.each<[unknown, readonly string[]]>([
    [undefined, ['url']],
    [{ url: 'http://x', maxBytes: 'z', wat: 1, commandTimeoutMs: -4 }, ['wat', 'url', 'maxBytes', 'commandTimeoutMs']],
    [
      { url: 'redis://:secret@', codec: {}, connectTimeoutMs: '5s', longestRetryMs: 2 ** 31, failuresToOpen: 0 },
      ['url', 'codec', 'connectTimeoutMs', 'longestRetryMs', 'failuresToOpen'],
    ],
    [{ url: 'rediss://user:secret@cache:6380/2', maxEntries: 5, codec: other, failuresToOpen: 1 }, []],
  ])('%j have problems at %j, and none tells the url', (options, paths) => {
    const problems = problemsOf(makeRedis, options);
    expect(Object.keys(problems)).toEqual(paths);
    expect(JSON.stringify(problems)).not.toContain('secret');
  });
});
