import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fullest, NO_PRESSURE, step, type PressureState } from './pressure.js';

const at = (level: PressureState['level'], factor: number, since = 0): PressureState => ({ level, factor, since });

describe('Pressure', () => {
  it.each<[string, PressureState, number, number, PressureState]>([
    ['calm stays calm', NO_PRESSURE, 0.5, 60_000, NO_PRESSURE],
    ['a first step down is at once', NO_PRESSURE, 0.86, 1, at('tight', 0.8, 1)],
    ['the next one waits for what the first brings', at('tight', 0.8, 1), 0.9, 2_000, at('tight', 0.8, 1)],
    ['and is taken then', at('tight', 0.5, 1), 0.9, 2_001, at('tight', 0.4, 2_001)],
    ['critical does not wait', at('tight', 0.8, 1), 0.96, 2, at('critical', 0.4, 2)],
    ['but once', at('critical', 0.4, 2), 0.97, 3, at('critical', 0.4, 2)],
    ['there is a least', at('critical', 0.1, 0), 0.99, 9_000, at('critical', 0.1, 9_000)],
    ['between the bounds nothing changes', at('tight', 0.8, 1), 0.8, 99_000, at('steady', 0.8, 99_000)],
    ['calm begins', at('steady', 0.8, 1), 0.6, 99_000, at('calm', 0.8, 99_000)],
    ['and has to last', at('calm', 0.8, 1), 0.6, 30_000, at('calm', 0.8, 1)],
    ['before it gives back', at('calm', 0.8, 1), 0.6, 30_001, at('calm', 0.9, 30_001)],
    ['never more than all', at('calm', 0.95, 1), 0.6, 30_001, at('calm', 1, 30_001)],
  ])('%s', (_, state, used, now, after) => {
    const next = step(state, used, now);
    expect({ ...next, factor: Number(next.factor.toFixed(9)) }).toEqual(after);
  });

  it('keeps the factor within its bounds, only lowers it when squeezed, only raises it when calm, and settles', () => {
    const readings = fc.array(fc.tuple(fc.double({ min: 0, max: 1.2, noNaN: true }), fc.nat(40_000)), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(readings, (all) => {
        let state = NO_PRESSURE;
        let now = 0;
        for (const [used, passed] of all) {
          const next = step(state, used, (now += passed));
          expect(next.factor).toBeGreaterThanOrEqual(0.1);
          expect(next.factor).toBeLessThanOrEqual(1);
          if (next.factor < state.factor) expect(used).toBeGreaterThanOrEqual(0.85);
          if (next.factor > state.factor) expect(used).toBeLessThan(0.7);
          state = next;
        }
        for (let i = 0; i < 12; i++) state = step(state, 0.1, (now += 30_000));
        expect(state).toMatchObject({ level: 'calm', factor: 1 });
      }),
    );
  });

  it('is that of the fullest memory that could be read', () => {
    expect(fullest([])).toBeUndefined();
    const heap = { of: 'heap', usedBytes: 5, limitBytes: 10 } as const;
    const cgroup = { of: 'cgroup', usedBytes: 6, limitBytes: 10 } as const;
    expect(fullest([heap, cgroup, { of: 'cgroup', usedBytes: Number.NaN, limitBytes: 1 }])).toBe(cgroup);
  });
});
