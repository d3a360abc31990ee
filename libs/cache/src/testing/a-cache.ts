import { FakeClock } from '#libs/time/testing';
import { createCache, type Cache } from '../cache.js';
import { memory } from '../memory/memory-tier.js';
import type { CacheOptions } from '../options.js';
import type { CacheKey } from '../key/cache-key.js';

/** A cache of 100 entries in memory on a clock that moves only when told; chance is always one half. */
export function aCache<Value = string, Key extends CacheKey = string>(
  options: Partial<CacheOptions<Key, Value>> = {},
): { readonly cache: Cache<Key, Value>; readonly clock: FakeClock; readonly problems: readonly Error[] } {
  const clock = new FakeClock();
  const problems: Error[] = [];
  const cache = createCache<Key, Value>({
    name: 'covers',
    tiers: [memory({ maxEntries: 100 })],
    clock,
    random: () => 0.5,
    onProblem: (problem) => void problems.push(problem),
    ...options,
  });
  return { cache, clock, problems };
}
