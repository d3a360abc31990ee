import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { optimalHits } from './optimum.js';

/** Tries everything: whom to let go of at each miss. */
function mostHits(accesses: readonly number[], size: number, held: readonly number[] = []): number {
  const [key, ...rest] = accesses;
  if (key === undefined) return 0;
  if (held.includes(key)) return 1 + mostHits(rest, size, held);
  if (held.length < size) return mostHits(rest, size, [...held, key]);
  const choices = held.map((out) => [...held.filter((other) => other !== out), key]);
  return Math.max(...choices.map((after) => mostHits(rest, size, after)));
}

describe('The offline optimum', () => {
  it('is the most that trying everything finds', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(4), { maxLength: 10 }), fc.integer({ min: 1, max: 3 }), (accesses, size) => {
        expect(optimalHits(Uint32Array.from(accesses), size)).toBe(mostHits(accesses, size));
      }),
    );
  });

  it('keeps of a loop what fits, but one', () => {
    expect(
      optimalHits(
        Uint32Array.from({ length: 10_000 }, (_, i) => i % 100),
        50,
      ),
    ).toBeGreaterThan(4_800);
  });
});
