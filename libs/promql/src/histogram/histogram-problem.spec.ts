import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { aCustomHistogram, aHistogram, anyCustom, anyExponential } from '../testing/any-histogram.js';
import { histogramProblem } from './histogram-problem.js';

describe('histogramProblem', () => {
  it.each([
    [aHistogram({ schema: 9 }), 'schema 9 is not from -4 to 8, nor -53 for custom buckets'],
    [aHistogram({ schema: 0.5 }), 'schema 0.5 is not from -4 to 8, nor -53 for custom buckets'],
    [aHistogram({ count: -1 }), 'the count is -1, below 0'],
    [aHistogram({ positive: { 1: -2 }, count: 1 }), 'positive buckets: the count -2 is below 0'],
    [aHistogram({ zeroCount: -1, count: 1 }), 'the zero bucket has the count -1, below 0'],
    [aHistogram({ zeroThreshold: -1 }), 'the zero bucket is -1 wide, not 0 or more'],
    [aHistogram({ zeroThreshold: NaN }), 'the zero bucket is NaN wide, not 0 or more'],
    [aHistogram({ customBounds: [1] }), 'only the schema of custom buckets has custom bounds'],
    [{ ...aHistogram(), positive: { index: [1, 1], count: [1, 1] } }, 'positive buckets: index 1 comes after 1'],
    [{ ...aHistogram(), negative: { index: [1], count: [] } }, 'negative buckets: 1 indexes for 0 counts'],
    [{ ...aHistogram(), negative: { index: [0.5], count: [1] } }, 'negative buckets: the index 0.5 is no whole number'],
    [aCustomHistogram([2, 1], [1]), 'custom bounds do not ascend: 1 comes after 2'],
    [aCustomHistogram([NaN], [1]), 'a custom bound is NaN'],
    [aCustomHistogram([1, Infinity], [1]), 'the bound +Inf is given: it is understood'],
    [aCustomHistogram([1], [1, 1, 1]), 'bucket 2 has no bound: there are 1 custom bounds'],
    [{ ...aCustomHistogram([1], [1]), zeroCount: 1 }, 'custom buckets have no zero bucket'],
    [{ ...aCustomHistogram([1], []), negative: { index: [0], count: [1] } }, 'custom buckets have no negative side'],
    [
      { ...aCustomHistogram([1], []), positive: { index: [-1], count: [1] } },
      'custom buckets begin with index 0, and here with -1',
    ],
  ])('of %j is "%s"', (histogram, problem) => {
    expect(histogramProblem(histogram)).toBe(problem);
  });

  it('finds nothing in sound ones', () => {
    fc.assert(
      fc.property(fc.oneof(anyExponential(), anyCustom), (histogram) => {
        expect(histogramProblem(histogram)).toBeUndefined();
      }),
    );
  });
});
