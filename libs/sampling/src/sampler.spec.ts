import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { KeyHasher } from './key-hasher.js';
import { FixedRateSampler, FixedSizeSampler } from './sampler.js';

const hasher = new KeyHasher('0123456789abcdef');
const hashes = Array.from({ length: 40_000 }, (_, i) => hasher.hash(`key-${i}`));
const keysOf = fc.array(fc.nat(300), { maxLength: 400 }).map((keys) => keys.map((key) => hashes[key]!));

describe('Sampling at a fixed rate', () => {
  it('samples all accesses of a key or none', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 1, noNaN: true }), fc.nat(9_999), (rate, key) => {
        const sampler = new FixedRateSampler(rate);
        const again = new FixedRateSampler(rate);
        expect(sampler.sample(hashes[key]!)).toBe(again.sample({ ...hashes[key]! }));
      }),
    );
  });

  it.each([0.5, 0.1, 0.01])('samples the share %d of all keys, within four standard deviations', (rate) => {
    const sampler = new FixedRateSampler(rate);
    const sampled = hashes.filter((hash) => sampler.sample(hash) > 0).length;
    expect(Math.abs(sampled - rate * hashes.length)).toBeLessThan(4 * Math.sqrt(hashes.length * rate * (1 - rate)));
  });

  it('samples the same share of every shard, because shards go by the other bits', () => {
    const sampler = new FixedRateSampler(0.1);
    for (let shard = 0; shard < 8; shard++) {
      const keys = hashes.filter(({ lo }) => lo % 8 === shard);
      const sampled = keys.filter((hash) => sampler.sample(hash) > 0).length;
      expect(Math.abs(sampled - 0.1 * keys.length)).toBeLessThan(4 * Math.sqrt(keys.length * 0.09));
    }
  });
});

describe('Sampling of a fixed size', () => {
  it('samples everything, at rate 1, while the keys fit', () => {
    const sampler = new FixedSizeSampler(300);
    for (let round = 0; round < 3; round++)
      for (const hash of hashes.slice(0, 300)) expect(sampler.sample(hash)).toBe(1);
    expect([sampler.rate, sampler.size]).toEqual([1, 300]);
  });

  it('holds the keys of the lowest hashes, at most as many as allowed, and its rate only falls', () => {
    fc.assert(
      fc.property(keysOf, fc.integer({ min: 1, max: 50 }), (keys, maxKeys) => {
        const sampler = new FixedSizeSampler(maxKeys);
        let rate = 1;
        for (const hash of keys) {
          const sampled = sampler.sample(hash);
          expect(sampler.rate).toBeLessThanOrEqual(rate);
          ({ rate } = sampler);
          expect(sampled).toBe(hash.hi < sampler.threshold ? rate : 0);
        }
        const lowest = [...new Set(keys.map(({ hi }) => hi))].sort((a, b) => a - b);
        expect(sampler.size).toBe(Math.min(maxKeys, lowest.length));
        if (lowest.length > maxKeys) expect(sampler.threshold).toBe(lowest[maxKeys]);
      }),
    );
  });

  it('estimates the number of keys by size over rate', () => {
    const sampler = new FixedSizeSampler(2_048);
    for (const hash of hashes) sampler.sample(hash);
    expect(Math.abs(sampler.size / sampler.rate / hashes.length - 1)).toBeLessThan(4 / Math.sqrt(2_048));
  });

  it('can be lowered for good and starts anew after a reset', () => {
    const sampler = new FixedSizeSampler(100);
    for (const hash of hashes.slice(0, 100)) sampler.sample(hash);
    sampler.lowerTo(0.25);
    expect([sampler.rate, sampler.size]).toEqual([0.25, hashes.slice(0, 100).filter(({ hi }) => hi < 2 ** 30).length]);
    sampler.lowerTo(0.5);
    expect(sampler.rate).toBe(0.25);
    sampler.reset();
    expect([sampler.rate, sampler.size]).toEqual([1, 0]);
  });
});

describe('A miss-ratio curve from sampled accesses', () => {
  const sizes = Array.from({ length: 50 }, (_, i) => Math.round(10 * 2_000 ** (i / 49)));

  it('is the exact one while the keys fit', () => {
    const trace = zipfTrace({ keys: 3_000, length: 30_000, skew: 0.9, seed: 5 });
    expect(sampledCurve(trace, new FixedSizeSampler(8_192), sizes)).toEqual(exactCurve(trace, sizes));
  });

  it('is as near as measured on real traces at 8,192 keys: mean error over traces and salts within 0.0105', () => {
    const errors = [1, 2, 3, 4, 5].map((seed) => {
      const trace = zipfTrace({ keys: 40_000, length: 100_000, skew: 0.8, seed });
      const sampler = new FixedSizeSampler(8_192);
      const sampled = sampledCurve(trace, sampler, sizes, new KeyHasher(`the salt of seed ${seed}`));
      expect(sampler.rate).toBeLessThan(0.4);
      return meanError(sampled, exactCurve(trace, sizes));
    });
    expect(errors.reduce((sum, error) => sum + error, 0) / errors.length).toBeLessThan(0.0105);
    expect(Math.max(...errors)).toBeLessThan(0.021);
  });
});

const meanError = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, value, i) => sum + Math.abs(value - b[i]!), 0) / a.length;

function exactCurve(trace: readonly number[], sizes: readonly number[]): number[] {
  return curve(
    trace.map((key) => ({ key: String(key), hi: 0, rate: 1 })),
    sizes,
  );
}

function sampledCurve(
  trace: readonly number[],
  sampler: FixedSizeSampler,
  sizes: readonly number[],
  salted = hasher,
): number[] {
  const accesses = trace.flatMap((key) => {
    const hash = salted.hash(`key-${key}`);
    const rate = sampler.sample(hash);
    return rate === 0 ? [] : [{ key: `${hash.hi}:${hash.lo}`, hi: hash.hi, rate }];
  });
  return curve(accesses, sizes, trace.length);
}

/**
 * LRU miss ratios by stack distance, from what events carry: each access weighs 1 / rate, each distance is scaled by it,
 * keys that a falling rate left out leave the stack. `total`, the exact number of requests, gives the adjusted curve
 * (SHARDS-adj): what sampling has too much or too little is put to the shortest distance.
 */
function curve(
  accesses: readonly { key: string; hi: number; rate: number }[],
  sizes: readonly number[],
  total?: number,
): number[] {
  const present = new Float64Array(accesses.length + 2);
  const mark = (at: number, by: number) => {
    for (let i = at + 1; i < present.length; i += i & -i) present[i]! += by;
  };
  const upTo = (at: number) => {
    let sum = 0;
    for (let i = at + 1; i > 0; i -= i & -i) sum += present[i]!;
    return sum;
  };
  const last = new Map<string, { at: number; hi: number }>();
  const hits = sizes.map(() => 0);
  let weight = 0;
  let rate = 1;
  accesses.forEach((access, at) => {
    if (access.rate < rate) {
      rate = access.rate;
      for (const [key, entry] of last)
        if (entry.hi >= rate * 2 ** 32) {
          mark(entry.at, -1);
          last.delete(key);
        }
    }
    weight += 1 / rate;
    const before = last.get(access.key);
    if (before !== undefined) {
      const distance = (upTo(at) - upTo(before.at) + 1) / rate;
      sizes.forEach((size, i) => {
        if (distance <= size) hits[i]! += 1 / rate;
      });
      mark(before.at, -1);
    }
    mark(at, 1);
    last.set(access.key, { at, hi: access.hi });
  });
  const requests = total ?? weight;
  return hits.map((hit) => 1 - (hit + requests - weight) / requests);
}

function zipfTrace({
  keys,
  length,
  skew,
  seed,
}: {
  keys: number;
  length: number;
  skew: number;
  seed: number;
}): number[] {
  const cumulative = new Float64Array(keys);
  let sum = 0;
  for (let i = 0; i < keys; i++) cumulative[i] = sum += 1 / (i + 1) ** skew;
  let state = seed * 2_654_435_761;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return Array.from({ length }, () => {
    const target = random() * sum;
    let low = 0;
    let high = keys - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (cumulative[middle]! < target) low = middle + 1;
      else high = middle;
    }
    return low;
  });
}
