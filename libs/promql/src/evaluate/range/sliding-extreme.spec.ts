import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SlidingExtreme } from './sliding-extreme.js';

const value = fc.oneof(fc.integer({ min: -5, max: 5 }), fc.constantFrom(NaN, -0, Infinity, -Infinity));
const steps = fc.array(fc.record({ from: fc.nat(3), to: fc.nat(3) }));

describe('SlidingExtreme', () => {
  it('gives the first of the largest values of each window, NaN only when there is nothing else', () => {
    fc.assert(
      fc.property(fc.array(value), steps, (values, moves) => {
        const sliding = new SlidingExtreme(Float64Array.from(values), (a, b) => a > b);
        let [from, to] = [0, 0];
        for (const move of moves) {
          to = Math.min(values.length, to + move.to);
          from = Math.min(to, from + move.from);
          const numbers = values.slice(from, to).filter((number) => !Number.isNaN(number));
          const largest = numbers.reduce<number>(
            (most, number) => (number > most || Number.isNaN(most) ? number : most),
            NaN,
          );
          expect(sliding.of(from, to)).toBe(largest);
        }
      }),
    );
  });
});
