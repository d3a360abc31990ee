import type { Cache } from '../cache.js';
import type { CacheKey } from '../key/cache-key.js';
import type { CacheStats, TierStats } from '../manage/stats.js';
import { canonical } from './canonical.js';
import { FailedAssertion } from './failed-assertion.js';
import type { Origin } from './origin.js';

/**
 * No key was loaded twice at the same time, and, with `loadsPerKey`, none more often than that in all.
 * @throws AssertionError
 */
export function expectNoStampede<Value, Key extends CacheKey>(
  origin: Origin<Value, Key>,
  {
    atOnce = 1,
    loadsPerKey = Number.POSITIVE_INFINITY,
  }: { readonly atOnce?: number; readonly loadsPerKey?: number } = {},
): void {
  const most = origin.mostPerKey;
  if (most === undefined)
    throw new FailedAssertion('The origin was never asked: hand its load to the cache.', 0, atOnce);
  if (most.atOnce > atOnce)
    throw new FailedAssertion(
      `${most.atOnce} loads of ${canonical(most.key)} ran at the same time; at most ${atOnce} may.`,
      most.atOnce,
      atOnce,
    );
  const counts = new Map<string, number>();
  for (const { key } of origin.calls) counts.set(canonical(key), (counts.get(canonical(key)) ?? 0) + 1);
  for (const [key, calls] of counts)
    if (calls > loadsPerKey)
      throw new FailedAssertion(
        `${key} was loaded ${calls} times; at most ${loadsPerKey} were wanted.`,
        calls,
        loadsPerKey,
      );
}

/** Counts that are numbers: of gets by result, of removals by cause, and what it holds. */
export type TierCounts = Partial<
  TierStats['requests'] & TierStats['removals'] & { gets: number; writes: number; entries: number; bytes: number }
>;

export type CacheCountsWanted = {
  readonly [Name in keyof CacheStats as CacheStats[Name] extends number ? Name : never]?: number;
} & { readonly tiers?: Readonly<Record<string, TierCounts>> };

/**
 * The cache's own counts are these; what is not named may be anything. All that differ are told at once.
 *
 *     expectCounts(cache, { loads: 1, joined: 99, tiers: { memory: { miss: 100, writes: 1 } } });
 *
 * @throws AssertionError
 */
export function expectCounts(cache: { stats(): CacheStats; readonly name: string }, wanted: CacheCountsWanted): void {
  const stats = cache.stats();
  const { tiers: wantedTiers = {}, ...own } = wanted;
  const differ: string[] = [];
  const compare = (name: string, is: unknown, wants: unknown) => {
    if (!Object.is(is, wants)) differ.push(`${name} is ${String(is)}, not ${String(wants)}`);
  };
  for (const [name, count] of Object.entries(own))
    compare(name, (stats as unknown as Record<string, unknown>)[name], count);
  for (const [tier, counts] of Object.entries(wantedTiers)) {
    const found = stats.tiers.find((one) => one.tier === tier);
    if (found === undefined)
      differ.push(`there is no tier ${tier}, but ${stats.tiers.map((one) => one.tier).join(', ')}`);
    else {
      const known: Readonly<Record<string, unknown>> = { ...found, ...found.requests, ...found.removals };
      for (const [name, count] of Object.entries(counts)) compare(`${tier}.${name}`, known[name], count);
    }
  }
  if (differ.length > 0)
    throw new FailedAssertion(`Cache ${cache.name} counts otherwise: ${differ.join('; ')}.`, stats, wanted);
}

/**
 * The nearest tier that holds the key holds it fresh, and, if a value is named, with that value. No get is counted for
 * the look at its state; with a value it is read once, which is a get.
 * @throws AssertionError
 */
export async function expectFresh<Key extends CacheKey, Value>(
  cache: Cache<Key, Value>,
  key: Key,
  ...value: [Value?]
): Promise<void> {
  await expectState(cache, key, 'fresh');
  if (value.length === 0) return;
  const held = await cache.get(key);
  if (canonical(held) !== canonical(value[0]))
    throw new FailedAssertion(
      `Cache ${cache.name} holds ${canonical(held)} under ${canonical(key)}, not ${canonical(value[0])}.`,
      held,
      value[0],
    );
}

/** The key is held, past its ttl, but still answered while it is refreshed. @throws AssertionError */
export function expectStale<Key extends CacheKey, Value>(cache: Cache<Key, Value>, key: Key): Promise<void> {
  return expectState(cache, key, 'stale');
}

/** No tier holds the key, unless its time is over. @throws AssertionError */
export function expectAbsent<Key extends CacheKey, Value>(cache: Cache<Key, Value>, key: Key): Promise<void> {
  return expectState(cache, key, 'absent');
}

async function expectState<Key extends CacheKey, Value>(
  cache: Cache<Key, Value>,
  key: Key,
  wanted: 'fresh' | 'stale' | 'absent',
): Promise<void> {
  const [nearest] = await cache.inspect(key);
  const state = nearest?.state ?? 'absent';
  if (state === wanted || (state === 'over' && wanted === 'absent')) return;
  const where = nearest === undefined ? '' : ` in ${nearest.tier} (${nearest.because})`;
  throw new FailedAssertion(
    `Cache ${cache.name} has ${canonical(key)} ${state}${where}, not ${wanted}.`,
    state,
    wanted,
  );
}
