import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { bucketFraction, bucketQuantile, type ClassicBucket } from './classic-buckets.js';

function buckets(...pairs: readonly (readonly [number, number])[]): ClassicBucket[] {
  return pairs.map(([upperBound, count]) => ({ upperBound, count }));
}

const USUAL = buckets([1, 10], [2, 20], [4, 40], [Infinity, 50]);

describe('bucketQuantile', () => {
  it.each([
    [0.1, USUAL, 0.5],
    [0.3, USUAL, 1.5],
    [0.6, USUAL, 3],
    [0.99, USUAL, 4],
    [0, USUAL, 0],
    [1, USUAL, 4],
    [0.1, buckets([-1, 10], [2, 20], [Infinity, 20]), -1],
    [0.75, buckets([-1, 10], [2, 20], [Infinity, 20]), 0.5],
    [0.5, buckets([Infinity, 10], [2, 5], [1, 0]), 2],
    [0.5, buckets([1, 5], [1, 5], [2, 20], [Infinity, 20]), 1],
  ])('of %d is interpolated', (q, given, expected) => {
    expect(bucketQuantile(q, given)).toEqual({ quantile: expected });
  });

  it.each([
    ['no observations', 0.5, buckets([1, 0], [Infinity, 0])],
    ['no bucket of +Inf', 0.5, buckets([1, 5], [2, 10])],
    ['only the bucket of +Inf', 0.5, buckets([Infinity, 10])],
    ['no bucket', 0.5, []],
    ['no part', NaN, USUAL],
  ])('is NaN for %s', (_, q, given) => {
    expect(bucketQuantile(q, given).quantile).toBeNaN();
  });

  it('is infinite beyond 0 and 1', () => {
    expect(bucketQuantile(-1, USUAL).quantile).toBe(-Infinity);
    expect(bucketQuantile(2, USUAL).quantile).toBe(Infinity);
  });

  it('takes counts that fall to stay, and tells where', () => {
    const falling = buckets([1, 10], [2, 8], [4, 40], [8, 35], [Infinity, 50]);
    expect(bucketQuantile(0.1, falling)).toEqual({
      quantile: 0.5,
      repair: { lowestBound: 2, highestBound: 8, largestFall: 5 },
    });
  });

  it('says nothing of differences that come of rounding', () => {
    const rounded = buckets([1, 10], [2, 10 - 1e-12], [Infinity, 10 + 1e-12]);
    expect(bucketQuantile(0.5, rounded)).toEqual({ quantile: 0.5 });
  });

  it('does not change what it is given', () => {
    const given = buckets([Infinity, 50], [2, 8], [1, 10]);
    bucketQuantile(0.5, given);
    expect(given).toEqual(buckets([Infinity, 50], [2, 8], [1, 10]));
  });

  it('never falls as the part rises, and is never beyond the bounds', () => {
    const q = fc.double({ min: 0, max: 1, noNaN: true });
    const any = fc
      .array(fc.tuple(fc.integer({ min: -10, max: 10 }), fc.integer({ min: 0, max: 100 })), {
        minLength: 1,
        maxLength: 8,
      })
      .chain((some) => fc.nat(100).map((last) => buckets(...some, [Infinity, last])));
    fc.assert(
      fc.property(any, q, q, (given, one, other) => {
        const low = bucketQuantile(Math.min(one, other), given).quantile;
        const high = bucketQuantile(Math.max(one, other), given).quantile;
        if (Number.isNaN(low)) return;
        expect(low <= high + 1e-9).toBe(true);
        expect(Math.abs(high) <= 10 && Math.abs(low) <= 10).toBe(true);
      }),
    );
  });
});

describe('bucketFraction', () => {
  it.each([
    [0, 1, USUAL, 0.2],
    [0.5, 1.5, USUAL, 0.2],
    [-Infinity, Infinity, USUAL, 1],
    [4, 9, USUAL, 0],
    [3, 9, USUAL, 0.2],
    [-9, 0, buckets([-1, 10], [1, 20], [Infinity, 20]), 0.25],
    [2, 1, USUAL, 0],
  ])('from %d to %d is interpolated', (lower, upper, given, expected) => {
    expect(bucketFraction(lower, upper, given)).toBeCloseTo(expected, 12);
  });

  it('is NaN without observations, without the bucket of +Inf, and for NaN', () => {
    expect(bucketFraction(0, 1, buckets([1, 0], [Infinity, 0]))).toBeNaN();
    expect(bucketFraction(0, 1, buckets([1, 5]))).toBeNaN();
    expect(bucketFraction(NaN, 1, USUAL)).toBeNaN();
    expect(bucketFraction(0, 1, [])).toBeNaN();
  });
});
