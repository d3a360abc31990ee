import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { aCustomHistogram } from '../testing/any-histogram.js';
import { boundOf, exponentialBound } from './bucket-bounds.js';

describe('exponentialBound', () => {
  it.each([
    [0, 0, 1],
    [0, 1, 2],
    [0, -1, 0.5],
    [-4, 1, 65_536],
    [-1, -1, 0.25],
    [1, 2, 2],
    [3, 8, 2],
    [8, 256, 2],
    [8, -256, 0.5],
    [5, 32 * 10, 1024],
    [0, 1023, 2 ** 1023],
  ])('of schema %i and index %i is %d', (schema, index, bound) => {
    expect(exponentialBound(schema, index)).toBe(bound);
  });

  it('has the root of two as the table of Prometheus has it', () => {
    expect(exponentialBound(1, 1)).toBe(1.414213562373095);
    expect(exponentialBound(8, 128)).toBe(1.414213562373095);
    expect(exponentialBound(8, 1) / 2).toBe(0.5013556375251013);
    expect(exponentialBound(8, 255) / 2).toBe(0.9972960560854698);
  });

  it('ends at the largest number, and beyond it is infinite', () => {
    for (const schema of [-4, -1, 0, 1, 8]) {
      const last = 1024 * 2 ** schema;
      expect(exponentialBound(schema, last)).toBe(Number.MAX_VALUE);
      expect(exponentialBound(schema, last + 1)).toBe(Infinity);
    }
  });

  it('goes down to the smallest numbers, and to 0', () => {
    expect(exponentialBound(0, -1074)).toBe(5e-324);
    expect(exponentialBound(1, -2148)).toBe(5e-324);
    expect(exponentialBound(0, -1080)).toBe(0);
    expect(exponentialBound(8, -2_000_000_000)).toBe(0);
    expect(exponentialBound(8, 2_000_000_000)).toBe(Infinity);
  });

  it('ascends with the index, and is that of a coarser schema at every other', () => {
    fc.assert(
      fc.property(fc.integer({ min: -4, max: 7 }), fc.integer({ min: -3000, max: 3000 }), (schema, index) => {
        const bound = exponentialBound(schema, index);
        expect(exponentialBound(schema + 1, index * 2)).toBe(bound);
        const next = exponentialBound(schema, index + 1);
        expect(next > bound || next === 0 || bound === Infinity).toBe(true);
        expect(Math.abs(Math.log2(bound) - index * 2 ** -schema) < 1e-9 || bound === 0 || bound > 1e308).toBe(true);
      }),
    );
  });
});

describe('boundOf', () => {
  it('is infinite below the first custom bound and from the last bucket on', () => {
    const histogram = aCustomHistogram([1, 2], [1, 1, 1]);
    expect([-1, 0, 1, 2].map((index) => boundOf(histogram, index))).toEqual([-Infinity, 1, 2, Infinity]);
  });
});
