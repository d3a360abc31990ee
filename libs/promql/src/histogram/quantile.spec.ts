import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { aCustomHistogram, aHistogram, anyCustom, anyExponential } from '../testing/any-histogram.js';
import { bucketsOf } from './buckets.js';
import { histogramFraction } from './fraction.js';
import { histogramQuantile } from './quantile.js';

const q = fc.double({ min: 0, max: 1, noNaN: true });

describe('histogramQuantile', () => {
  it.each([
    [0.5, aHistogram({ positive: { 1: 10 } }), Math.SQRT2],
    [0, aHistogram({ positive: { 1: 10 } }), 1],
    [1, aHistogram({ positive: { 1: 10 } }), 2],
    [0.5, aHistogram({ negative: { 1: 10 } }), -Math.SQRT2],
    [0.5, aHistogram({ zeroThreshold: 1, zeroCount: 10 }), 0],
    [0.5, aHistogram({ zeroThreshold: 1, zeroCount: 10, positive: { 4: 0 } }), 0.5],
    [0.5, aHistogram({ zeroThreshold: 1, zeroCount: 10, negative: { 4: 0 } }), -0.5],
    [0.75, aHistogram({ positive: { 1: 4, 2: 4 } }), 2 * Math.SQRT2],
    [0.5, aHistogram({ zeroThreshold: 1.5, positive: { 1: 8 } }), Math.sqrt(3)],
    [0.5, aCustomHistogram([2, 4], [0, 8, 0]), 3],
    [0.5, aCustomHistogram([2, 4], [8, 0, 0]), 1],
    [0.5, aCustomHistogram([-2, 4], [8, 0, 0]), -2],
    [0.9, aCustomHistogram([2, 4], [1, 1, 8]), 4],
  ])('of %d over %j is %d', (part, histogram, expected) => {
    expect(histogramQuantile(part, histogram).quantile).toBeCloseTo(expected, 10);
  });

  it('is NaN without observations, and infinite beyond 0 and 1', () => {
    const histogram = aHistogram({ positive: { 1: 1 } });
    expect(histogramQuantile(0.5, aHistogram()).quantile).toBeNaN();
    expect(histogramQuantile(NaN, histogram).quantile).toBeNaN();
    expect(histogramQuantile(-0.1, histogram).quantile).toBe(-Infinity);
    expect(histogramQuantile(1.1, histogram).quantile).toBe(Infinity);
  });

  it('tells what observations of NaN do to it', () => {
    const histogram = aHistogram({ count: 10, sum: NaN, positive: { 1: 5 } });
    expect(histogramQuantile(0.9, histogram)).toEqual({ quantile: NaN, notice: 'NaN result' });
    const skewed = histogramQuantile(0.25, histogram);
    expect(skewed.notice).toBe('NaN skew');
    expect(skewed.quantile).toBeCloseTo(Math.SQRT2, 10);
    expect(histogramQuantile(0.25, { ...histogram, count: 5 }).notice).toBeUndefined();
  });

  it('never falls as the part rises', () => {
    fc.assert(
      fc.property(fc.oneof(anyExponential(), anyCustom), q, q, (histogram, one, other) => {
        const low = histogramQuantile(Math.min(one, other), histogram).quantile;
        const high = histogramQuantile(Math.max(one, other), histogram).quantile;
        expect(Number.isNaN(low) || low <= high + Math.abs(high) * 1e-9).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('is within a bucket that has something in it', () => {
    fc.assert(
      fc.property(anyExponential(), q, (histogram, part) => {
        fc.pre(histogram.count > 0);
        const { quantile } = histogramQuantile(part, histogram);
        const slack = Math.abs(quantile) * 1e-9;
        const filled = bucketsOf(histogram).filter(({ count }) => count > 0);
        expect(filled.some(({ lower, upper }) => lower - slack <= quantile && quantile <= upper + slack)).toBe(true);
      }),
    );
  });
});

describe('histogramFraction', () => {
  it.each([
    [1, 2, aHistogram({ positive: { 1: 5, 2: 5 } }), 0.5],
    [1, Math.SQRT2, aHistogram({ positive: { 1: 10 } }), 0.5],
    [-Math.SQRT2, -1, aHistogram({ negative: { 1: 10 } }), 0.5],
    [-Infinity, Infinity, aHistogram({ zeroCount: 3, positive: { 1: 5 } }), 1],
    [0, 0.5, aHistogram({ zeroThreshold: 1, zeroCount: 4, positive: { 3: 0 } }), 0.5],
    [3, 1, aHistogram({ positive: { 1: 5 } }), 0],
    [0, 1, aCustomHistogram([2, 4], [8, 8, 0]), 0.25],
    [5, 9, aCustomHistogram([2, 4], [0, 8, 8]), 0],
    [-9, -1, aCustomHistogram([0, 4], [8, 8, 0]), 0],
  ])('from %d to %d over %j is %d', (lower, upper, histogram, expected) => {
    expect(histogramFraction(lower, upper, histogram).fraction).toBeCloseTo(expected, 10);
  });

  it('is NaN without observations, and for bounds that are NaN', () => {
    expect(histogramFraction(0, 1, aHistogram()).fraction).toBeNaN();
    expect(histogramFraction(NaN, 1, aHistogram({ positive: { 1: 1 } })).fraction).toBeNaN();
  });

  it('leaves out observations of NaN, and says so', () => {
    const histogram = aHistogram({ count: 10, sum: NaN, positive: { 1: 5 } });
    expect(histogramFraction(-Infinity, Infinity, histogram)).toEqual({ fraction: 0.5, hasNaN: true });
  });

  it('is the inverse of quantiles', () => {
    fc.assert(
      fc.property(anyExponential({ min: 0, max: 4 }), q, (histogram, part) => {
        fc.pre(histogram.count > 0 && histogram.zeroCount === 0);
        const { quantile } = histogramQuantile(part, histogram);
        expect(histogramFraction(-Infinity, quantile, histogram).fraction).toBeCloseTo(part, 6);
      }),
    );
  });
});
