import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { TopHeap } from './heap.js';

describe('TopHeap', () => {
  it('keeps the largest values in order, and NaN only when there is room', () => {
    const value = fc.oneof(fc.integer({ min: -9, max: 9 }), fc.constant(NaN));
    fc.assert(
      fc.property(fc.array(value), fc.integer({ min: 1, max: 10 }), (values, size) => {
        const heap = new TopHeap(size, (a, b) => a > b);
        for (const [place, number] of values.entries()) heap.add({ value: number, place });
        const numbers = values.filter((number) => !Number.isNaN(number)).toSorted((a, b) => b - a);
        const expected = [...numbers, ...values.filter(Number.isNaN)].slice(0, size);
        expect(heap.ordered.map((ranked) => ranked.value)).toEqual(expected);
      }),
    );
  });
});
