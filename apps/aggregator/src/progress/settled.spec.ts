import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { LEVEL_MS, LEVELS } from '#libs/contracts';
import { advanceSettled, NOTHING_SETTLED, type Settled } from './settled.js';

const none = () => Infinity;

describe('advanceSettled', () => {
  it('settles whole buckets up to the watermark on every level', () => {
    expect(advanceSettled(NOTHING_SETTLED, 7_389_000, none)).toEqual({ '10s': 7_380, '1m': 7_380, '1h': 7_200 });
  });

  it('stops before the first open mark beyond what is settled, and lets late ones pass', () => {
    const before: Settled = { '10s': 600, '1m': 600, '1h': 0 };
    const open = [300, 650];
    const earliest = (level: string, after: number) =>
      level === '10s' ? Math.min(...open.filter((end) => end > after), Infinity) : Infinity;
    expect(advanceSettled(before, 900_000, earliest)).toEqual({ '10s': 640, '1m': 600, '1h': 0 });
  });

  it('never goes back, keeps coarse levels behind fine ones, and passes no open mark', () => {
    const marks = fc.array(fc.record({ level: fc.constantFrom(...LEVELS), at: fc.integer({ min: 1, max: 400 }) }));
    const steps = fc.array(fc.record({ through: fc.integer({ min: 0, max: 15_000_000 }), marks }), { maxLength: 20 });
    fc.assert(
      fc.property(steps, (all) => {
        let settled: Settled = NOTHING_SETTLED;
        for (const { through, marks } of all) {
          const open = marks.map(({ level, at }) => ({ level, end: (at * LEVEL_MS[level]) / 1_000 }));
          const before = settled;
          settled = advanceSettled(before, through, (level, after) =>
            Math.min(
              ...open.filter((mark) => mark.level === level && mark.end > after).map(({ end }) => end),
              Infinity,
            ),
          );
          for (const level of LEVELS) {
            expect(settled[level]).toBeGreaterThanOrEqual(before[level]);
            expect(settled[level] % (LEVEL_MS[level] / 1_000)).toBe(0);
            for (const mark of open)
              if (mark.level === level && mark.end > before[level]) expect(settled[level]).toBeLessThan(mark.end);
          }
          expect(settled['1m']).toBeLessThanOrEqual(settled['10s']);
          expect(settled['1h']).toBeLessThanOrEqual(settled['1m']);
        }
      }),
    );
  });
});
