import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { KeySet } from './key-set.js';

const CAPACITY = 12;
// Low halves that collide and wrap around in the table; high halves anywhere.
const low = fc.oneof(fc.nat(6), fc.integer({ min: 0xffff_fffa, max: 0xffff_ffff }));
const high = fc.integer({ min: 0, max: 0xffff_ffff });
const steps = fc.array(
  fc.oneof({ weight: 3, arbitrary: fc.tuple(high, low) }, { weight: 1, arbitrary: fc.constant('remove' as const) }),
  {
    maxLength: 200,
  },
);

describe('A key set', () => {
  it('holds what a plain map holds, whatever is added and removed', () => {
    fc.assert(
      fc.property(steps, (steps) => {
        const set = new KeySet(CAPACITY);
        const model = new Map<number, number>();
        for (const step of steps) {
          if (step === 'remove') {
            set.removeHighest();
            model.delete(Math.max(...model.keys()));
          } else if (model.size < CAPACITY && !model.has(step[0])) {
            expect(set.add(...step)).toBe(true);
            model.set(...step);
          }
          expect([set.size, set.highest]).toEqual([model.size, Math.max(0, ...model.keys())]);
          for (const held of model) expect(set.add(...held)).toBe(false);
        }
      }),
    );
  });

  it('tells hashes apart that share one half', () => {
    const set = new KeySet(4);
    expect([set.add(1, 2), set.add(1, 3), set.add(2, 2), set.add(1, 2)]).toEqual([true, true, true, false]);
  });

  it('holds nothing after clear', () => {
    const set = new KeySet(4);
    set.add(7, 7);
    set.clear();
    expect([set.size, set.highest, set.add(7, 7)]).toEqual([0, 0, true]);
  });
});
