import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { aCustomHistogram, aHistogram, anyCustom, anyExponential } from '../testing/any-histogram.js';
import type { FloatHistogram } from '../values/float-histogram.js';
import { nearlyEqualHistograms } from './equality.js';
import { HistogramMean, HistogramSum } from './histogram-sum.js';
import { addHistograms } from './merge.js';
import { divideHistogram } from './scale.js';

function summed([first, ...others]: readonly FloatHistogram[]): HistogramSum {
  const sum = new HistogramSum(first ?? aHistogram());
  for (const histogram of others) sum.add(histogram);
  return sum;
}

function averaged([first, ...others]: readonly FloatHistogram[]): HistogramMean {
  const mean = new HistogramMean(first ?? aHistogram());
  for (const histogram of others) mean.add(histogram);
  return mean;
}

function addedOneByOne([first = aHistogram(), ...others]: readonly FloatHistogram[]): FloatHistogram {
  return others.reduce((sum, each) => addHistograms(sum, each)?.histogram ?? sum, first);
}

const some = (any: fc.Arbitrary<FloatHistogram>): fc.Arbitrary<FloatHistogram[]> =>
  fc.array(any, { minLength: 1, maxLength: 6 });

/** Zero buckets of different widths, all at bounds. */
const withZeroBuckets = fc
  .record({ histogram: anyExponential({ min: 0, max: 0 }), power: fc.integer({ min: -3, max: 4 }) })
  .map(({ histogram, power }) => ({ ...histogram, zeroThreshold: 2 ** power }));

describe('HistogramSum', () => {
  it('comes to the same as adding one by one', () => {
    fc.assert(
      fc.property(fc.oneof(some(anyExponential()), some(anyCustom), some(withZeroBuckets)), (histograms) => {
        expect(nearlyEqualHistograms(summed(histograms).total, addedOneByOne(histograms))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('does not lose the small beside the large', () => {
    const large = aHistogram({ sum: 1e100, positive: { 1: 1e100 } });
    const small = aHistogram({ sum: 1, positive: { 1: 1 } });
    const negative = aHistogram({ sum: -1e100, positive: { 1: -1e100 } });
    const { total } = summed([small, large, small, negative]);
    expect(total.sum).toBe(2);
    expect(total.count).toBe(2);
    expect(total.positive).toEqual({ index: [1], count: [2] });
  });

  it('does not add what is of another kind', () => {
    const sum = new HistogramSum(aHistogram({ positive: { 1: 1 } }));
    expect(sum.add(aCustomHistogram([1], [1, 1]))).toBe(false);
    expect(sum.add(aHistogram({ positive: { 1: 1 } }))).toBe(true);
    expect(sum.total.count).toBe(2);
  });

  it('tells that some were reset and others were not', () => {
    const unknown = aHistogram();
    const reset = aHistogram({ counterReset: 'reset' });
    const not = aHistogram({ counterReset: 'not_reset' });
    expect(summed([reset, unknown, not]).counterResetCollision).toBe(true);
    expect(summed([reset, unknown, reset]).counterResetCollision).toBe(false);
    expect(summed([not, aHistogram({ counterReset: 'gauge' })]).total.counterReset).toBe('gauge');
  });

  it('tells that custom bounds differed', () => {
    expect(summed([aCustomHistogram([1, 2], [1, 1, 1]), aCustomHistogram([2], [1, 1])]).boundsReconciled).toBe(true);
    expect(summed([aCustomHistogram([2], [1, 1]), aCustomHistogram([2], [1, 1])]).boundsReconciled).toBe(false);
  });

  it('does not change what it adds, nor its total afterwards', () => {
    const first = aHistogram({ positive: { 1: 1 } });
    const sum = new HistogramSum(first);
    const { total } = sum;
    sum.add(first);
    expect(total.positive.count).toEqual([1]);
    expect(first.positive.count).toEqual([1]);
    expect(sum.total.positive.count).toEqual([2]);
  });
});

describe('HistogramMean', () => {
  it('is the sum divided by how many there are', () => {
    fc.assert(
      fc.property(fc.oneof(some(anyExponential()), some(anyCustom)), (histograms) => {
        const expected = divideHistogram(addedOneByOne(histograms), histograms.length);
        expect(nearlyEqualHistograms(averaged(histograms).mean, expected)).toBe(true);
      }),
    );
  });

  it('goes on where the sum is more than a number holds', () => {
    const huge = aHistogram({ sum: 1.5e308, count: 4, positive: { 1: 4 } });
    const { mean } = averaged([huge, huge, huge, huge]);
    expect(mean.sum / 1.5e308).toBeCloseTo(1, 12);
    expect(mean.positive.count[0]).toBeCloseTo(4, 12);
  });

  it('does not add what is of another kind, nor counts it', () => {
    const mean = new HistogramMean(aHistogram({ positive: { 1: 4 } }));
    expect(mean.add(aCustomHistogram([1], [1, 1]))).toBe(false);
    expect(mean.mean.count).toBe(4);
  });
});
