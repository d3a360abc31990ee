import { SieveCache } from '@neophi/sieve-cache';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LRUCache } from 'lru-cache';
import { POLICY_NAMES } from './policy.js';
import { Simulation } from './simulation.js';
import { aCache, hashOf, loop, randomFrom, recent, zipf } from './testing/a-cache.js';

interface Oracle {
  get(key: number): unknown;
  set(key: number, value: number): unknown;
}

/** Hit or miss of each access, in order. */
function hitsOf(oracle: Oracle, keys: readonly number[]): boolean[] {
  return keys.map((key) => {
    const hit = oracle.get(key) !== undefined;
    if (!hit) oracle.set(key, 1);
    return hit;
  });
}

function ratio(size: number, policy: Parameters<typeof aCache>[1], keys: readonly number[]): number {
  const cache = aCache(size, policy);
  return keys.filter((key) => cache.access(key)).length / keys.length;
}

const streams = fc.array(fc.oneof(fc.nat(20), fc.nat(100)), { size: 'max', maxLength: 1_000 });
const sizes = fc.integer({ min: 1, max: 60 });

describe('The policies beside published ones', () => {
  it('lru hits what lru-cache hits, access by access', () => {
    fc.assert(
      fc.property(sizes, streams, (size, keys) => {
        const simulation = new Simulation('lru', size);
        expect(keys.map((key) => simulation.access(key))).toEqual(hitsOf(new LRUCache({ max: size }), keys));
      }),
      { numRuns: 30 },
    );
  });

  it('sieve hits what @neophi/sieve-cache hits, access by access', () => {
    fc.assert(
      fc.property(sizes, streams, (size, keys) => {
        const simulation = new Simulation('sieve', size);
        expect(keys.map((key) => simulation.access(key))).toEqual(hitsOf(new SieveCache(size), keys));
      }),
      { numRuns: 30 },
    );
  });

  it('adaptive is nearly as good as the best of them, of each kind of accesses', () => {
    const random = randomFrom(11);
    const scanned = zipf(12_000, 5_000, 0.9).map((key) => (random() < 0.3 ? 10_000 + Math.floor(random() * 1e9) : key));
    const kinds = { zipf: zipf(12_000, 5_000, 0.9), scanned, recent: recent(12_000), loop: loop(12_000, 250) };
    for (const [kind, keys] of Object.entries(kinds)) {
      const best = Math.max(...POLICY_NAMES.map((policy) => ratio(200, policy, keys)));
      const short = best - ratio(200, 'adaptive', keys);
      expect([kind, short, short < 0.05]).toEqual([kind, short, true]);
    }
  });

  it('a loop longer than the cache: lru hits nothing, s3-fifo more than half of what can be', () => {
    const keys = loop(20_000, 250);
    expect(ratio(200, 'lru', keys)).toBe(0);
    expect(ratio(200, 's3-fifo', keys)).toBeGreaterThan(0.4);
  });
});

describe('A simulation', () => {
  it('keeps its budget of weight, and refuses what is larger', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...POLICY_NAMES),
        fc.array(fc.tuple(fc.nat(30), fc.integer({ min: 1, max: 12 }))),
        (policy, accesses) => {
          const simulation = new Simulation(policy, 10);
          for (const [key, weight] of accesses) simulation.access(key, weight);
          expect(simulation.weight).toBeLessThanOrEqual(10);
          simulation.resize(4);
          expect(simulation.weight).toBeLessThanOrEqual(4);
          expect(simulation.requests).toBe(accesses.length);
          simulation.keepOnly((key) => key % 2 === 0);
          for (let key = 1; key <= 31; key += 2) simulation.delete(key);
          simulation.keepOnly(() => false);
          expect([simulation.weight, simulation.entries]).toEqual([0, 0]);
        },
      ),
    );
  });

  it('of a quarter of the keys in a quarter of the budget tells the hit ratio of the whole, about', () => {
    const keys = zipf(30_000, 10_000, 0.7);
    for (const policy of POLICY_NAMES) {
      const small = new Simulation(policy, 250);
      for (const key of keys) if (hashOf(key + 1) < 2 ** 30) small.access(hashOf(key));
      expect(Math.abs(small.hitRatio - ratio(1_000, policy, keys))).toBeLessThan(0.05);
    }
  });
});
