import { describe, expect, it } from '@jest/globals';
import { HISTOGRAM_SCALE, HistogramData, MIN_BIN, histogramProblem } from '#libs/contracts';
import fc from 'fast-check';
import { Value } from 'typebox/value';
import { BINS_PER_DOUBLING } from './bin-index.js';
import { ExpHistogram } from './exp-histogram.js';

const schema = HistogramData('nanoseconds');
const nanoseconds = fc.oneof(fc.nat(100), fc.nat(1_000_000), fc.nat(2_000_000_000));
const of = (values: readonly number[]) => {
  const histogram = new ExpHistogram();
  for (const value of values) histogram.record(value);
  return histogram;
};

describe('An exponential histogram', () => {
  it('has the scale of the contract', () => {
    expect(of([]).toData().scale).toBe(HISTOGRAM_SCALE);
    expect(BINS_PER_DOUBLING).toBe(2 ** HISTOGRAM_SCALE);
  });

  it('answers every quantile within 1.1 % of the true value', () => {
    fc.assert(
      fc.property(
        fc.array(nanoseconds, { minLength: 1, maxLength: 300 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, q) => {
          const sorted = [...values].sort((a, b) => a - b);
          const truth = sorted[Math.max(1, Math.ceil(q * sorted.length)) - 1]!;
          return Math.abs(of(values).quantile(q) - truth) <= truth * 0.011;
        },
      ),
    );
  });

  it('makes data that the contract accepts, and comes back from it', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(nanoseconds, fc.double({ min: 0, max: 1e300, noNaN: true }))), (values) => {
        const data = of(values).toData();
        expect(Value.Check(schema, data)).toBe(true);
        expect(histogramProblem(data)).toBeUndefined();
        expect(ExpHistogram.fromData(data).toData()).toEqual(data);
      }),
    );
  });

  it('merges to what recording everything into one gives, in any order', () => {
    fc.assert(
      fc.property(fc.array(nanoseconds), fc.array(nanoseconds), (a, b) => {
        const ab = of(a);
        ab.merge(of(b));
        const ba = of(b);
        ba.merge(of(a));
        expect(ab.toData()).toEqual(of([...a, ...b]).toData());
        expect(ba.toData()).toEqual(ab.toData());
      }),
    );
  });

  it('is as new after a reset, whatever it held', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e200, noNaN: true })), fc.array(nanoseconds), (before, after) => {
        const histogram = of(before);
        histogram.reset();
        for (const value of after) histogram.record(value);
        expect(histogram.toData()).toEqual(of(after).toData());
      }),
    );
  });

  it('keeps integer sums exact', () => {
    const histogram = new ExpHistogram();
    let sum = 0n;
    for (let i = 1; i <= 100_000; i++) {
      const value = (i * 7_919) % 1_000_003;
      histogram.record(value);
      sum += BigInt(value);
    }
    expect(BigInt(histogram.toData().sum)).toBe(sum);
  });

  it('counts negative, infinite and undefined values as invalid and keeps them out', () => {
    const histogram = of([-1, NaN, Infinity, -Infinity, 5]);
    expect([histogram.count, histogram.sum, histogram.invalid]).toEqual([1, 5, 4]);
  });

  it('puts zero, and what is below the smallest bin, into the zero bucket', () => {
    const data = of([0, Number.MIN_VALUE, 2 ** (MIN_BIN / 32)]).toData();
    expect([data.zero, data.bins]).toEqual([3, []]);
  });

  it('folds the lowest bins into zero when there are more than an event may hold', () => {
    const data = of(Array.from({ length: 5_000 }, (_, i) => 2 ** ((i - 2_500 + 0.5) / 32))).toData();
    expect([data.bins.length, data.zero, data.count]).toEqual([8_192, 904, 5_000]);
    expect(Value.Check(schema, data)).toBe(true);
    expect(histogramProblem(data)).toBeUndefined();
  });

  it('answers NaN for a quantile of nothing', () => {
    expect(of([]).quantile(0.5)).toBeNaN();
  });
});
