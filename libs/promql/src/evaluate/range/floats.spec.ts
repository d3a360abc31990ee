import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Labels } from '../../values/labels.js';
import { compensatedMean, compensatedSum, quantileOf, variance } from './floats.js';
import { exactSums } from './per-series.js';

const floats = (values: readonly number[]): Float64Array => Float64Array.from(values);

describe('Sums of floats', () => {
  it.each([
    [[1e100, 1, -1e100], 1],
    [[0.1, 0.2, 0.3], 0.6],
    [[Infinity, 1], Infinity],
    [[Infinity, -Infinity], NaN],
    [[], 0],
  ])('of %j are %d', (values, expected) => {
    expect(compensatedSum(floats(values), 0, values.length)).toBe(expected);
  });

  it('are the same from sums of whole numbers before each place', () => {
    const none = new Float64Array(0);
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.nat(), fc.nat(), (values, one, other) => {
        const [from = 0, to = 0] = [one, other].map((at) => at % (values.length + 1)).toSorted((a, b) => a - b);
        const about = { labels: Labels.NONE, dropsName: false, temporality: 'delta', histograms: [] } as const;
        const sums = exactSums({ ...about, floats: floats(values), floatTimes: none, histogramTimes: none });
        expect((sums?.[to] ?? NaN) - (sums?.[from] ?? NaN)).toBe(compensatedSum(floats(values), from, to));
      }),
    );
  });
});

describe('Means of floats', () => {
  it.each([
    [[1, 2, 6], 3],
    [[1.7e308, 1.7e308], 1.7e308],
    [[Infinity, 1], Infinity],
    [[NaN, 1], NaN],
  ])('of %j are %d', (values, expected) => {
    expect(compensatedMean(floats(values), 0, values.length)).toBe(expected);
  });
});

describe('Variances of floats', () => {
  it.each([
    [[1, 3], 1],
    [[5], 0],
    [[2, 4, 4, 4, 5, 5, 7, 9], 4],
  ])('of %j are %d', (values, expected) => {
    expect(variance(floats(values), 0, values.length)).toBeCloseTo(expected, 12);
  });
});

describe('quantileOf', () => {
  it.each([
    [0.5, [3, 1, 2], 2],
    [0.5, [1, 2], 1.5],
    [0, [3, NaN, 1], NaN],
    [1, [3, NaN, 1], 3],
    [0.5, [3, NaN, 1], 1],
    [-0.1, [1], -Infinity],
    [1.1, [1], Infinity],
    [NaN, [1], NaN],
    [0.5, [], NaN],
  ])('%d of %j is %d', (quantile, values, expected) => {
    expect(quantileOf(quantile, floats(values))).toBe(expected);
  });
});
