import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { aCustomHistogram, aHistogram, anyCustom, anyExponential } from '../testing/any-histogram.js';
import { trimHistogram } from './trim.js';

const HISTOGRAM = aHistogram({
  zeroThreshold: 0.5,
  zeroCount: 4,
  sum: 50,
  positive: { 1: 2, 2: 8 },
  negative: { 1: 6 },
});

describe('trimHistogram', () => {
  it('leaves a histogram as it is when nothing is beyond the threshold', () => {
    expect(trimHistogram(HISTOGRAM, Infinity, 'below')).toBe(HISTOGRAM);
    expect(trimHistogram(HISTOGRAM, 4, 'below')).toBe(HISTOGRAM);
    expect(trimHistogram(HISTOGRAM, -2, 'above')).toBe(HISTOGRAM);
  });

  it('takes away whole buckets, and estimates the sum anew', () => {
    const below = trimHistogram(HISTOGRAM, 1, 'below');
    expect(below).toMatchObject({ count: 10, zeroCount: 4, positive: { index: [] }, negative: { count: [6] } });
    expect(below.sum).toBeCloseTo(-6 * Math.SQRT2, 12);
    expect(trimHistogram(HISTOGRAM, 2, 'above')).toMatchObject({
      count: 8,
      zeroCount: 0,
      positive: { index: [2], count: [8] },
    });
  });

  it('cuts exponential buckets on a logarithmic scale, the zero bucket and custom ones evenly', () => {
    expect(trimHistogram(HISTOGRAM, 2 * Math.SQRT2, 'below').positive.count[1]).toBeCloseTo(4, 12);
    expect(trimHistogram(HISTOGRAM, 0.25, 'below')).toMatchObject({ zeroCount: 3, count: 9 });
    expect(trimHistogram(aCustomHistogram([2, 4], [0, 8, 0]), 3, 'above')).toMatchObject({
      count: 4,
      sum: 14,
      positive: { index: [1], count: [4] },
    });
  });

  it('takes the zero bucket to be on the side of the other buckets', () => {
    const positive = aHistogram({ zeroThreshold: 1, zeroCount: 4, positive: { 4: 1 } });
    expect(trimHistogram(positive, 0.5, 'below')).toMatchObject({ zeroCount: 2, count: 2, sum: 0.5 });
    expect(trimHistogram(positive, 0, 'above')).toBe(positive);
  });

  it.each([
    [aCustomHistogram([4], [8, 0]), 1, 'below', 2],
    [aCustomHistogram([4], [8, 0]), 1, 'above', 6],
    [aCustomHistogram([-4], [8, 0]), -5, 'below', 8],
    [aCustomHistogram([-4], [8, 0]), -5, 'above', 0],
    [aCustomHistogram([4], [0, 8]), 5, 'above', 8],
    [aCustomHistogram([4], [0, 8]), 5, 'below', 0],
  ] as const)('of an endless bucket %j at %d keeps %s: %d', (histogram, threshold, side, count) => {
    expect(trimHistogram(histogram, threshold, side).count).toBe(count);
  });

  it('splits what there is in two', () => {
    const threshold = fc.double({ min: -100, max: 100, noNaN: true });
    fc.assert(
      fc.property(anyExponential(), threshold, (histogram, threshold) => {
        const both =
          trimHistogram(histogram, threshold, 'below').count + trimHistogram(histogram, threshold, 'above').count;
        expect(both).toBeCloseTo(histogram.count, 6);
      }),
    );
  });

  it('never leaves more than there was', () => {
    const threshold = fc.double({ min: -100, max: 200, noNaN: true });
    fc.assert(
      fc.property(anyCustom, threshold, fc.constantFrom('below', 'above'), (histogram, threshold, side) => {
        const trimmed = trimHistogram(histogram, threshold, side);
        expect(trimmed.count <= histogram.count + 1e-9).toBe(true);
        expect(trimmed.positive.count.every((count) => count >= -1e-9)).toBe(true);
      }),
    );
  });
});
