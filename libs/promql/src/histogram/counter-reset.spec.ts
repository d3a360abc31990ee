import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { aCustomHistogram, aHistogram, anyCustom, anyExponential } from '../testing/any-histogram.js';
import { detectReset } from './counter-reset.js';
import { addHistograms } from './merge.js';

const before = aHistogram({ zeroThreshold: 0.5, zeroCount: 2, positive: { 1: 2, 3: 4 }, negative: { 1: 3 } });

describe('detectReset', () => {
  it.each([
    ['the same', before, false],
    ['more in a bucket', aHistogram({ ...grown({ 1: 2, 3: 9 }) }), false],
    ['another bucket', aHistogram({ ...grown({ 1: 2, 2: 1, 3: 4 }) }), false],
    ['fewer in all', { ...before, count: 1 }, true],
    ['fewer in a bucket', aHistogram({ ...grown({ 1: 1, 3: 9 }) }), true],
    ['a bucket less', aHistogram({ ...grown({ 3: 9 }) }), true],
    ['no positive bucket', aHistogram({ ...grown({}), count: 99 }), true],
    ['no negative bucket', { ...before, count: 99, negative: { index: [], count: [] } }, true],
    ['fewer in the zero bucket', { ...before, count: 99, zeroCount: 1 }, true],
    ['finer buckets', { ...before, schema: 1 }, true],
    ['a narrower zero bucket', { ...before, zeroThreshold: 0.25 }, true],
    ['another kind of buckets', aCustomHistogram([1], [50, 50]), true],
    ['a hint that it was', { ...before, counterReset: 'reset' }, true],
    ['a hint that it was not', { ...before, count: 0, counterReset: 'not_reset' }, false],
    ['a gauge, as it says nothing of counters', { ...before, counterReset: 'gauge' }, false],
  ] as const)('after %s is %s', (_, current, expected) => {
    expect(detectReset(current, before)).toBe(expected);
  });

  function grown(positive: Readonly<Record<number, number>>) {
    return { zeroThreshold: 0.5, zeroCount: 2, positive, negative: { 1: 3 }, count: 20 };
  }

  it('merges the buckets before when they are coarser now', () => {
    const fine = aHistogram({ schema: 1, positive: { 1: 1, 2: 1 } });
    expect(detectReset(aHistogram({ positive: { 1: 2 } }), fine)).toBe(false);
    expect(detectReset(aHistogram({ positive: { 1: 1, 2: 5 } }), fine)).toBe(true);
  });

  it('takes the buckets before into a zero bucket that is wider now', () => {
    const narrow = aHistogram({ zeroCount: 1, positive: { 0: 2, 2: 1 } });
    expect(detectReset(aHistogram({ zeroThreshold: 1, zeroCount: 3, positive: { 2: 1 } }), narrow)).toBe(false);
    expect(detectReset(aHistogram({ zeroThreshold: 1, zeroCount: 2, positive: { 2: 9 } }), narrow)).toBe(true);
    const cut = aHistogram({ zeroThreshold: 3, zeroCount: 9, positive: { 3: 9 } });
    expect(detectReset(cut, narrow)).toBe(true);
  });

  it('goes on over empty buckets that are gone', () => {
    const empty = aHistogram({ positive: { 1: 2, 2: 0, 5: 0 } });
    expect(detectReset(aHistogram({ positive: { 1: 2 } }), empty)).toBe(false);
  });

  it('compares custom buckets among the bounds that both have', () => {
    const custom = aCustomHistogram([1, 2, 5], [1, 2, 3, 4]);
    expect(detectReset(aCustomHistogram([2, 3], [3, 0, 7]), custom)).toBe(false);
    expect(detectReset(aCustomHistogram([2, 3], [2, 9, 9]), custom)).toBe(true);
    expect(detectReset(aCustomHistogram([2, 3], [9, 0, 6]), custom)).toBe(true);
  });

  it('is not found where something was only added', () => {
    const exponential = fc.tuple(anyExponential({ min: 2, max: 2 }), anyExponential({ min: 2, max: 2 }));
    const custom = anyCustom.map((one) => [one, one] as const);
    fc.assert(
      fc.property(fc.oneof(exponential, custom), ([previous, more]) => {
        const current = addHistograms(previous, more)?.histogram ?? previous;
        expect(detectReset(current, previous)).toBe(false);
      }),
    );
  });
});
