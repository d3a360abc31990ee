import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Queue } from './queue.js';
import { NONE, Slots } from './slots.js';

const steps = fc.record({
  do: fc.constantFrom('push', 'remove', 'toFront', 'reweigh'),
  slot: fc.integer({ min: 1, max: 12 }),
  weight: fc.integer({ min: 1, max: 99 }),
});

describe('A queue of slots', () => {
  it('keeps their order, count and weight, whatever happens', () => {
    fc.assert(
      fc.property(fc.array(steps), (taken) => {
        const slots = new Slots();
        for (let slot = 1; slot <= 12; slot++) expect(slots.take(slot, slot)).toBe(slot);
        const queue = new Queue(slots, 1);
        let model: number[] = [];
        for (const { do: what, slot, weight } of taken) {
          if (what === 'push' ? model.includes(slot) : !model.includes(slot)) continue;
          if (what === 'reweigh') queue.reweigh(slot, weight);
          else queue[what as 'push' | 'remove' | 'toFront'](slot);
          if (what !== 'reweigh') model = model.filter((held) => held !== slot);
          if (what === 'push' || what === 'toFront') model.unshift(slot);
          const found: number[] = [];
          for (let at = queue.back; at !== NONE; at = slots.prev[at]!) found.unshift(at);
          expect(found).toEqual(model);
          expect([queue.front, queue.count]).toEqual([model[0] ?? NONE, model.length]);
          expect(queue.weight).toBe(model.reduce((sum, held) => sum + slots.weight[held]!, 0));
          expect(queue.holds(slot)).toBe(model.includes(slot));
        }
      }),
    );
  });
});

describe('Slots', () => {
  it('are given out once each until they are given back, and keep what is in them as they become more', () => {
    const slots = new Slots();
    const taken = Array.from({ length: 1_000 }, (_, i) => slots.take(i, i + 1));
    expect(new Set(taken).size).toBe(1_000);
    expect(taken).not.toContain(NONE);
    expect(taken.map((slot) => [slots.hash[slot], slots.weight[slot]])).toEqual(taken.map((_, i) => [i, i + 1]));
    slots.free(taken[7]!);
    expect(slots.take(5, 5)).toBe(taken[7]);
    expect(slots.end).toBe(1_001);
    slots.clear();
    expect(slots.take(1, 1)).toBe(1);
  });
});
