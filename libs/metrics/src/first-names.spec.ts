import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FirstNames } from './first-names.js';

describe('FirstNames', () => {
  it('keeps the first names in the order of their letters, and counts every offer of another one', () => {
    const offers = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c', '_', 'Z'), maxLength: 3 }), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(offers, fc.integer({ min: 0, max: 8 }), (names, most) => {
        const first = new FirstNames<string>(most);
        for (const name of names) first.take(name, () => name);
        const kept = [...new Set(names)].sort().slice(0, most);
        expect(first.names).toEqual(kept);
        expect(kept.map((name) => first.get(name))).toEqual(kept);
        expect(first.leftOut).toBe(names.filter((name) => !kept.includes(name)).length);
      }),
    );
  });

  it('makes a value once, and none where there is no place', () => {
    const first = new FirstNames<object>(1);
    const value = first.take('b', () => ({}));
    expect(first.take('b', () => ({}))).toBe(value);
    expect(first.take('c', () => ({}))).toBeUndefined();
    expect(first.take('a', () => ({}))).toBeDefined();
    expect(first.get('b')).toBeUndefined();
    expect(first.leftOut).toBe(3);
  });
});
