import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LATE_MS, openEnd, windowToClose } from './window-end.js';

const windowMs = fc.constantFrom(1_000, 10_000);
const time = fc.integer({ min: 1_700_000_000_000, max: 1_900_000_000_000 });

describe('The window that counts go to', () => {
  it('is aligned to the clock, and a moment lies inside its own', () => {
    fc.assert(
      fc.property(time, windowMs, (now, length) => {
        const end = openEnd(now, length);
        expect([end % length, now >= end - length, now < end]).toEqual([0, true, true]);
      }),
    );
  });

  it('is the open one while the timer is late by less than a minute', () => {
    fc.assert(
      fc.property(time, windowMs, fc.nat(LATE_MS - 1), (start, length, late) => {
        const due = openEnd(start, length);
        expect(windowToClose(due, due + late, length)).toBe(due);
      }),
    );
  });

  it('is none yet when the timer fires early', () => {
    fc.assert(
      fc.property(time, windowMs, fc.integer({ min: 1, max: 1_000 }), (start, length, early) => {
        const due = openEnd(start, length);
        expect(windowToClose(due, due - early, length)).toBeUndefined();
      }),
    );
  });

  it('is the last complete one after a long sleep or a clock set back', () => {
    fc.assert(
      fc.property(time, windowMs, fc.integer({ min: LATE_MS, max: 1e9 }), (start, length, far) => {
        const due = openEnd(start, length);
        for (const now of [due + far, due - length - far]) {
          const end = windowToClose(due, now, length)!;
          expect([end % length, end <= now, now - end < length]).toEqual([0, true, true]);
        }
      }),
    );
  });
});
