import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { aCustomHistogram, aHistogram, anyCustom, anyExponential } from '../testing/any-histogram.js';
import { CUSTOM_BUCKETS, type FloatHistogram } from '../values/float-histogram.js';
import { bucketsOf } from './buckets.js';
import { compactHistogram } from './compact.js';
import { equalHistograms, nearlyEqualHistograms } from './equality.js';
import { addHistograms, subtractHistograms } from './merge.js';
import { detectReset } from './counter-reset.js';
import { HistogramSum } from './histogram-sum.js';
import { reduceResolution } from './resolution.js';

function sumOf(a: FloatHistogram, b: FloatHistogram): FloatHistogram {
  const merge = addHistograms(a, b);
  if (merge === undefined) throw new Error('They are of two kinds.');
  return merge.histogram;
}

function counted(histogram: FloatHistogram): number {
  return bucketsOf(histogram).reduce((sum, { count }) => sum + count, 0);
}

describe('addHistograms', () => {
  it('adds the counts of each bucket, of all, and the sums', () => {
    const a = aHistogram({ zeroCount: 1, sum: 10, positive: { 1: 2, 3: 4 }, negative: { 0: 1 } });
    const b = aHistogram({ zeroCount: 2, sum: -3, positive: { 2: 5, 3: 1 } });
    expect(sumOf(a, b)).toEqual(
      aHistogram({ zeroCount: 3, sum: 7, positive: { 1: 2, 2: 5, 3: 5 }, negative: { 0: 1 } }),
    );
  });

  it('goes down to the coarser schema', () => {
    const fine = aHistogram({ schema: 1, positive: { 1: 1, 2: 2, 3: 4 } });
    const coarse = aHistogram({ positive: { 1: 10 } });
    const expected = aHistogram({ positive: { 1: 13, 2: 4 } });
    expect(sumOf(fine, coarse)).toEqual(expected);
    expect(sumOf(coarse, fine)).toEqual(expected);
  });

  it('takes the buckets in the wider zero bucket into it', () => {
    const narrow = aHistogram({ zeroCount: 1, positive: { [-2]: 2, [1]: 5 }, negative: { [-1]: 3 } });
    const wide = aHistogram({ zeroThreshold: 1, zeroCount: 10 });
    const expected = aHistogram({ zeroThreshold: 1, zeroCount: 16, positive: { 1: 5 } });
    expect(sumOf(narrow, wide)).toEqual(expected);
    expect(sumOf(wide, narrow)).toEqual(expected);
  });

  it('widens the zero bucket further when it would cut a bucket of either', () => {
    const cut = aHistogram({ positive: { 2: 7 }, negative: { 3: 1 } });
    const wide = aHistogram({ zeroThreshold: 3, zeroCount: 1 });
    expect(sumOf(cut, wide)).toMatchObject({ zeroThreshold: 4, zeroCount: 8, negative: { index: [3], count: [1] } });
    const cutBelow = aHistogram({ positive: { 2: 7 }, negative: { 2: 1 } });
    expect(sumOf(wide, cutBelow)).toMatchObject({ zeroThreshold: 4, zeroCount: 9, positive: { index: [] } });
  });

  it('leaves the zero bucket where it is when the bucket that it cuts is empty', () => {
    const a = aHistogram({ positive: { 2: 0, 3: 1 } });
    expect(sumOf(a, aHistogram({ zeroThreshold: 3, zeroCount: 1 })).zeroThreshold).toBe(3);
  });

  it('refuses custom buckets beside exponential ones', () => {
    expect(addHistograms(aHistogram(), aCustomHistogram([1], [1, 1]))).toBeUndefined();
    expect(subtractHistograms(aCustomHistogram([1], [1, 1]), aHistogram())).toBeUndefined();
  });

  it('keeps the custom bounds that both have', () => {
    const merge = addHistograms(aCustomHistogram([1, 2, 5], [1, 2, 3, 4]), aCustomHistogram([2, 3], [10, 20, 30]));
    expect(merge?.boundsReconciled).toBe(true);
    expect(merge?.histogram).toEqual({ ...aCustomHistogram([2], [13, 57]), sum: 70 });
  });

  it('keeps nothing but +Inf of custom bounds that have none in common', () => {
    const merge = addHistograms(aCustomHistogram([1], [1, 2]), aCustomHistogram([2], [3, 4]));
    expect(merge?.histogram).toMatchObject({ customBounds: [], positive: { index: [0], count: [10] } });
  });

  it.each([
    ['unknown', 'unknown', 'unknown', false],
    ['reset', 'reset', 'reset', false],
    ['gauge', 'reset', 'gauge', false],
    ['not_reset', 'gauge', 'gauge', false],
    ['unknown', 'reset', 'unknown', false],
    ['not_reset', 'unknown', 'unknown', false],
    ['reset', 'not_reset', 'unknown', true],
    ['not_reset', 'reset', 'unknown', true],
  ] as const)('of %s and %s says %s, colliding: %s', (first, second, hint, collision) => {
    const merge = addHistograms(aHistogram({ counterReset: first }), aHistogram({ counterReset: second }));
    expect(merge?.histogram.counterReset).toBe(hint);
    expect(merge?.counterResetCollision).toBe(collision);
  });

  it('carries NaN and infinite sums', () => {
    expect(sumOf(aHistogram({ sum: NaN }), aHistogram({ sum: 1 })).sum).toBeNaN();
    expect(sumOf(aHistogram({ sum: Infinity }), aHistogram({ sum: 1 })).sum).toBe(Infinity);
    expect(sumOf(aHistogram({ sum: Infinity }), aHistogram({ sum: -Infinity })).sum).toBeNaN();
  });

  it.each([NaN, Infinity, -1])('comes to an end for a threshold of %d', (zeroThreshold) => {
    const odd = aHistogram({ zeroThreshold, positive: { 1: 1 } });
    const usual = aHistogram({ zeroThreshold: 1, positive: { 1: 1 } });
    expect(sumOf(odd, usual).count).toBe(2);
    expect(sumOf(usual, odd).count).toBe(2);
    const sum = new HistogramSum(usual);
    sum.add(odd);
    expect(sum.total.count).toBe(2);
    expect(typeof detectReset(odd, usual)).toBe('boolean');
  });

  it('changes neither of the two', () => {
    const a = aHistogram({ positive: { 1: 1 } });
    const b = aHistogram({ zeroThreshold: 2, positive: { 4: 1 } });
    const before = structuredClone([a, b]);
    sumOf(a, b);
    expect([a, b]).toEqual(before);
  });

  for (const [kind, any] of [
    ['exponential', anyExponential()],
    ['custom', anyCustom],
  ] as const) {
    it(`is the same either way round (${kind})`, () => {
      fc.assert(
        fc.property(any, any, (a, b) => {
          expect(equalHistograms(compactHistogram(sumOf(a, b)), compactHistogram(sumOf(b, a)))).toBe(true);
        }),
      );
    });

    it(`is the same in any grouping (${kind})`, () => {
      fc.assert(
        fc.property(any, any, any, (a, b, c) => {
          expect(nearlyEqualHistograms(sumOf(sumOf(a, b), c), sumOf(a, sumOf(b, c)))).toBe(true);
        }),
      );
    });

    it(`counts all that either counted (${kind})`, () => {
      fc.assert(
        fc.property(any, any, (a, b) => {
          expect(counted(sumOf(a, b))).toBe(counted(a) + counted(b));
        }),
      );
    });

    it(`is undone by a difference (${kind})`, () => {
      fc.assert(
        fc.property(any, any, (a, b) => {
          const back = subtractHistograms(sumOf(a, b), b)?.histogram ?? aHistogram();
          const coarse = reduceResolution(a, back.schema);
          const expected =
            kind === 'custom' ? sumOf(a, { ...b, count: 0, sum: 0, positive: { index: [], count: [] } }) : coarse;
          expect(nearlyEqualHistograms(back, expected)).toBe(true);
        }),
      );
    });
  }
});

describe('subtractHistograms', () => {
  it('leaves a bucket that was only in the second below 0', () => {
    const merge = subtractHistograms(aHistogram({ positive: { 1: 5 } }), aHistogram({ positive: { 2: 3 } }));
    expect(merge?.histogram).toEqual({ ...aHistogram({ positive: { 1: 5, 2: -3 } }), sum: 2 });
  });

  it('subtracts among the custom bounds that both have', () => {
    const merge = subtractHistograms(aCustomHistogram([1, 2], [1, 2, 3]), aCustomHistogram([2], [1, 3]));
    expect(merge?.histogram).toMatchObject({
      schema: CUSTOM_BUCKETS,
      customBounds: [2],
      positive: { index: [0], count: [2] },
    });
  });
});
