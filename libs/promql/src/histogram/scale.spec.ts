import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { aHistogram, anyExponential } from '../testing/any-histogram.js';
import { nearlyEqualHistograms } from './equality.js';
import { divideHistogram, scaleHistogram } from './scale.js';

describe('scaleHistogram', () => {
  it('multiplies each count and the sum', () => {
    const histogram = aHistogram({ zeroCount: 2, sum: 10, positive: { 1: 4 }, negative: { 0: 6 } });
    expect(scaleHistogram(histogram, 0.5)).toEqual(
      aHistogram({ zeroCount: 1, sum: 5, positive: { 1: 2 }, negative: { 0: 3 } }),
    );
  });

  it('makes a gauge of a counter below 0', () => {
    const counter = aHistogram({ counterReset: 'not_reset', positive: { 1: 4 } });
    expect(scaleHistogram(counter, -1).counterReset).toBe('gauge');
    expect(scaleHistogram(counter, 2).counterReset).toBe('not_reset');
    expect(divideHistogram(counter, -2).counterReset).toBe('gauge');
  });

  it('is undone by a division', () => {
    fc.assert(
      fc.property(anyExponential(), fc.integer({ min: 1, max: 100 }), (histogram, factor) => {
        expect(nearlyEqualHistograms(divideHistogram(scaleHistogram(histogram, factor), factor), histogram)).toBe(true);
      }),
    );
  });
});

describe('divideHistogram', () => {
  it('leaves no buckets when divided by 0', () => {
    const histogram = aHistogram({ sum: -1, positive: { 1: 4 } });
    expect(divideHistogram(histogram, 0)).toEqual({
      ...aHistogram(),
      zeroCount: NaN,
      count: Infinity,
      sum: -Infinity,
    });
  });
});
