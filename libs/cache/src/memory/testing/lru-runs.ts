import type { SampledHash } from '#libs/contracts';
import { FakeClock } from '#libs/time/testing';
import { createCache, memory, type Cache } from '../../index.js';
import { LocalRecorder } from '../../record/local-recorder.js';

/** A cache of memory alone, with a clock that stands still. */
export function aCache(options: { readonly maxEntries: number; readonly ttl?: number }): {
  readonly cache: Cache<string, string>;
  readonly clock: FakeClock;
} {
  const { maxEntries, ttl } = options;
  const clock = new FakeClock();
  const cache = createCache<string, string>({
    name: 'c',
    tiers: [memory({ maxEntries, policy: 'lru' })],
    clock,
    random: seeded(),
    ...(ttl !== undefined && { ttl }),
  });
  return { cache, clock };
}

/** What an LRU of some entries makes of accesses, each missing key being filled in. */
export function anLru(
  maxEntries: number,
  keys: readonly string[],
): { readonly hits: number; readonly ghostHits: number } {
  const tier = memory({ maxEntries, policy: 'lru' });
  const recorder = new LocalRecorder();
  tier.attach({ cache: 'c', clock: new FakeClock(), random: seeded(), recorder, onProblem: fail });
  for (const key of keys)
    if (tier.hit(key) === undefined) {
      tier.countMissed('miss', key);
      tier.put(key, { value: key, negative: false, freshMs: Number.POSITIVE_INFINITY, staleMs: 0 });
    }
  const { requests, ghostHits } = recorder.totals();
  return { hits: requests.hit, ghostHits };
}

function fail(problem: Error): void {
  throw problem;
}

function seeded(): () => number {
  let seed = 1;
  return () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
}

/** Accesses of which some keys get many; the same at every call. */
export function skewedKeys(count: number, unique: number): string[] {
  const random = seeded();
  return Array.from({ length: count }, () => `k${Math.floor(random() ** 2 * unique)}`);
}

export function hashOf(i: number): SampledHash {
  return { hi: Math.imul(i + 1, 0x85eb_ca6b) >>> 0, lo: Math.imul(i + 1, 0xc2b2_ae35) >>> 0 };
}
