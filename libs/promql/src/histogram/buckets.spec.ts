import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { aCustomHistogram, aHistogram, anyExponential } from '../testing/any-histogram.js';
import { bucketsOf, type HistogramBucket } from './buckets.js';
import { histogramText, shortNumber } from './histogram-text.js';
import { reduceResolution } from './resolution.js';
import { histogramAverage, histogramStdVar } from './statistics.js';

function brief({ lower, upper, lowerInclusive, upperInclusive, count }: HistogramBucket): string {
  return `${lowerInclusive ? '[' : '('}${lower},${upper}${upperInclusive ? ']' : ')'}:${count}`;
}

describe('bucketsOf', () => {
  it('lists negative ones, the zero bucket and positive ones, from the lowest up', () => {
    const histogram = aHistogram({
      zeroThreshold: 0.25,
      zeroCount: 3,
      positive: { 0: 1, 2: 2 },
      negative: { 0: 4, 1: 5 },
    });
    expect(bucketsOf(histogram).map(brief)).toEqual([
      '[-2,-1):5',
      '[-1,-0.5):4',
      '[-0.25,0.25]:3',
      '(0.5,1]:1',
      '(2,4]:2',
    ]);
  });

  it('ends the buckets that reach into the zero bucket where that begins', () => {
    const histogram = aHistogram({ zeroThreshold: 0.75, zeroCount: 3, positive: { 0: 1 }, negative: { 0: 4 } });
    expect(bucketsOf(histogram).map(brief)).toEqual(['[-1,-0.75):4', '[-0.75,0.75]:3', '(0.75,1]:1']);
  });

  it('lists custom ones, the first with its lower end', () => {
    expect(bucketsOf(aCustomHistogram([1, 2], [1, 0, 3])).map(brief)).toEqual([
      '[-Infinity,1]:1',
      '(1,2]:0',
      '(2,Infinity]:3',
    ]);
  });
});

describe('histogramText', () => {
  it('is as Prometheus prints it', () => {
    const histogram = aHistogram({
      zeroThreshold: 0.001,
      zeroCount: 3,
      sum: 1.5e7,
      positive: { 0: 1, 1: 0 },
      negative: { 1: 5 },
    });
    expect(histogramText(histogram)).toBe('{count:9, sum:1.5e+07, [-2,-1):5, [-0.001,0.001]:3, (0.5,1]:1}');
    expect(histogramText(aCustomHistogram([5], [1, 2]))).toBe('{count:3, sum:3, [-Inf,5]:1, (5,+Inf]:2}');
    expect(histogramText(aHistogram())).toBe('{count:0, sum:0}');
  });
});

describe('shortNumber', () => {
  it.each([
    [0, '0'],
    [-0, '-0'],
    [1, '1'],
    [-1.5, '-1.5'],
    [123_456.7, '123456.7'],
    [1_000_000, '1e+06'],
    [123_456_789, '1.23456789e+08'],
    [1e21, '1e+21'],
    [1e-4, '0.0001'],
    [0.000_123_4, '0.0001234'],
    [1e-5, '1e-05'],
    [5e-324, '5e-324'],
    [1e100, '1e+100'],
    [NaN, 'NaN'],
    [Infinity, '+Inf'],
    [-Infinity, '-Inf'],
  ])('of %d is %s', (value, text) => {
    expect(shortNumber(value)).toBe(text);
  });

  it('reads back as the same number', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Number(shortNumber(value))).toBe(value);
      }),
    );
  });
});

describe('reduceResolution', () => {
  it('merges buckets two and two', () => {
    const histogram = aHistogram({ schema: 1, positive: { [-1]: 1, 0: 2, 1: 4, 2: 8 }, negative: { 3: 16 } });
    expect(reduceResolution(histogram, 0)).toEqual(aHistogram({ positive: { 0: 3, 1: 12 }, negative: { 2: 16 } }));
  });

  it('leaves what is coarse already, and custom buckets', () => {
    const coarse = aHistogram({ schema: -2, positive: { 1: 1 } });
    expect(reduceResolution(coarse, 3)).toBe(coarse);
    const custom = aCustomHistogram([1], [1, 1]);
    expect(reduceResolution(custom, 0)).toBe(custom);
  });

  it('keeps each count within bounds that hold it, and goes step by step or at once', () => {
    fc.assert(
      fc.property(anyExponential({ min: 0, max: 8 }), fc.integer({ min: 1, max: 4 }), (histogram, steps) => {
        const schema = histogram.schema - steps;
        fc.pre(schema >= -4);
        const reduced = reduceResolution(histogram, schema);
        const between = reduceResolution(reduceResolution(histogram, histogram.schema - 1), schema);
        expect(reduced).toEqual(between);
        const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);
        expect(total(reduced.positive.count)).toBe(total(histogram.positive.count));
        expect(total(reduced.negative.count)).toBe(total(histogram.negative.count));
        const wide = bucketsOf(reduced);
        for (const { lower, upper } of bucketsOf(histogram)) {
          expect(wide.some((bucket) => bucket.lower <= lower && upper <= bucket.upper)).toBe(true);
        }
      }),
    );
  });
});

describe('the statistics of a histogram', () => {
  it('have its mean', () => {
    expect(histogramAverage(aHistogram({ sum: 6, positive: { 1: 4 } }))).toBe(1.5);
    expect(histogramAverage(aHistogram())).toBeNaN();
  });

  it.each([
    [aHistogram({ sum: 4 * Math.SQRT2, positive: { 1: 4 } }), 0],
    [aHistogram({ sum: 0, positive: { 1: 1 }, negative: { 1: 1 } }), 2],
    [aHistogram({ sum: 0, zeroThreshold: 1, zeroCount: 7 }), 0],
    [{ ...aCustomHistogram([1, 3, 5], [0, 1, 1, 0]), sum: 6 }, 1],
  ])('have the variance of the middles of its buckets', (histogram, variance) => {
    expect(histogramStdVar(histogram)).toBeCloseTo(variance, 12);
  });
});
