import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { aCustomHistogram, aHistogram, anyCustom, anyExponential } from '../testing/any-histogram.js';
import { compactHistogram } from './compact.js';
import { equalHistograms, nearlyEqual, nearlyEqualHistograms } from './equality.js';

describe('nearlyEqual', () => {
  it.each([
    [1, 1, true],
    [1, 1.000001, true],
    [1, 1.00001, false],
    [NaN, NaN, true],
    [NaN, 1, false],
    [Infinity, Infinity, true],
    [Infinity, -Infinity, false],
    [Infinity, 1, false],
    [0, -0, true],
    [0, 1e-300, false],
    [0, 1e-320, true],
    [1e308, 1.0000001e308, true],
    [-1, 1, false],
  ])('of %d and %d is %s', (a, b, expected) => {
    expect(nearlyEqual(a, b)).toBe(expected);
    expect(nearlyEqual(b, a)).toBe(expected);
  });
});

describe('equalHistograms', () => {
  const histogram = aHistogram({ zeroThreshold: 0.5, zeroCount: 1, positive: { 1: 2 }, negative: { 1: 3 } });

  it.each([
    ['schema', { ...histogram, schema: 1 }],
    ['count', { ...histogram, count: 7 }],
    ['sum', { ...histogram, sum: 7 }],
    ['threshold', { ...histogram, zeroThreshold: 0.25 }],
    ['zero bucket', { ...histogram, zeroCount: 2 }],
    ['positive count', { ...histogram, positive: { index: [1], count: [3] } }],
    ['positive index', { ...histogram, positive: { index: [2], count: [2] } }],
    ['negative side', { ...histogram, negative: { index: [], count: [] } }],
    ['empty bucket', { ...histogram, positive: { index: [1, 2], count: [2, 0] } }],
  ])('is false for another %s', (_, other) => {
    expect(equalHistograms(histogram, other)).toBe(false);
  });

  it('goes by the data: NaN is NaN, 0 is not -0, and hints do not count', () => {
    expect(equalHistograms({ ...histogram, sum: NaN }, { ...histogram, sum: NaN })).toBe(true);
    expect(equalHistograms({ ...histogram, sum: 0 }, { ...histogram, sum: -0 })).toBe(false);
    expect(equalHistograms(histogram, { ...histogram, counterReset: 'gauge' })).toBe(true);
  });

  it('compares custom bounds', () => {
    expect(equalHistograms(aCustomHistogram([1], [1, 2]), aCustomHistogram([2], [1, 2]))).toBe(false);
    expect(equalHistograms(aCustomHistogram([1], [1, 2]), aCustomHistogram([1], [1, 2]))).toBe(true);
  });

  it('is true of a copy, and nearly so without the empty buckets', () => {
    fc.assert(
      fc.property(fc.oneof(anyExponential(), anyCustom), (histogram) => {
        expect(equalHistograms(histogram, structuredClone(histogram))).toBe(true);
        expect(nearlyEqualHistograms(histogram, compactHistogram(histogram))).toBe(true);
        expect(compactHistogram(histogram).positive.count).not.toContain(0);
      }),
    );
  });
});
