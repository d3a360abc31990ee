import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { HeldClock, readWatched, watchedText } from './held-clock.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const START = Date.UTC(2026, 5, 20, 12);
let clock: HeldClock;
let now: number;
let monotonic: number;

beforeEach(() => {
  clock = new HeldClock(6 * HOUR_MS);
  [now, monotonic] = [START, 0];
});

/** Lets time pass by rounds of ten minutes. @returns what the last look said. */
function run(hours: number) {
  let look = clock.look(now, monotonic);
  for (let round = 0; round < hours * 6; round++) {
    now += 600_000;
    monotonic += 600_000;
    look = clock.look(now, monotonic);
  }
  return look;
}

describe('HeldClock', () => {
  it('trusts nothing until it has watched for long enough, then what the clock shows', () => {
    expect(run(5)).toEqual({ trustedMs: undefined, jumpedMs: 0 });
    expect(run(1)).toEqual({ trustedMs: now, jumpedMs: 0 });
    expect(run(600)).toEqual({ trustedMs: now, jumpedMs: 0 });
  });

  it('does not believe a jump that goes back before it has held', () => {
    run(6);
    now += 60 * DAY_MS;
    expect(clock.look(now, monotonic)).toEqual({ trustedMs: START + 6 * HOUR_MS, jumpedMs: 60 * DAY_MS });
    expect(run(5)).toEqual({ trustedMs: now - 60 * DAY_MS, jumpedMs: 0 });
    now -= 60 * DAY_MS;
    expect(run(5)).toEqual({ trustedMs: now, jumpedMs: 0 });
  });

  it('believes a jump that holds, each of several in its turn', () => {
    run(6);
    now += 2 * DAY_MS;
    run(3);
    now += 10 * DAY_MS;
    expect(run(2).trustedMs).toBe(now - 12 * DAY_MS);
    expect(run(1).trustedMs).toBe(now - 10 * DAY_MS);
    expect(run(3).trustedMs).toBe(now);
  });

  it('believes a step back at once, and needs no other watch for it', () => {
    run(6);
    now -= 60 * DAY_MS;
    expect(clock.look(now, monotonic)).toEqual({ trustedMs: now, jumpedMs: 0 });
  });

  it('holds a jump back however rarely it looks', () => {
    run(6);
    now += 70 * DAY_MS;
    monotonic += 10 * DAY_MS;
    expect(clock.look(now, monotonic)).toEqual({ trustedMs: now - 60 * DAY_MS, jumpedMs: 60 * DAY_MS });
  });

  it('bears with clocks that drift apart by little, either way', () => {
    for (const drift of [-20, 20]) {
      [now, monotonic, clock] = [START, 0, new HeldClock(6 * HOUR_MS)];
      for (let round = 0; round < 200; round++) {
        now += 600_000 + drift;
        monotonic += 600_000;
        expect(clock.look(now, monotonic).jumpedMs).toBe(0);
      }
      expect(Math.abs(clock.look(now, monotonic).trustedMs! - now)).toBeLessThan(1_000);
    }
  });
});

/** The process ends, nothing runs for a while, the next one goes on with what was written. Its monotonic clock is another. */
function restart(offHours: number): void {
  clock = new HeldClock(6 * HOUR_MS, readWatched(watchedText(clock.watched)));
  now += offHours * HOUR_MS;
  monotonic = 1_000_000 - monotonic;
}

describe('HeldClock over restarts', () => {
  it.each([
    ['5 h a day', 5, 19],
    ['10 minutes a day', 1 / 6, 24 - 1 / 6],
    ['an hour a week', 1, 167],
  ])('trusts time that has passed where a process runs %s', (_, onHours, offHours) => {
    const sessions = Math.ceil(6 / onHours) + 1;
    for (let session = 0; session < 3 * sessions; session++) {
      const { trustedMs } = run(onHours);
      if (session > sessions) expect(trustedMs).toBeGreaterThan(now - sessions * (onHours + offHours) * HOUR_MS);
      restart(offHours);
    }
  });

  it('does not believe a jump sooner, however often a process starts', () => {
    run(6);
    const before = now;
    now += 60 * DAY_MS;
    for (let start = 0; start < 2_000; start++) {
      expect(clock.look(now, monotonic).trustedMs).toBeLessThan(before + DAY_MS);
      restart(0.01);
    }
    expect(watchedText(clock.watched).length).toBeLessThan(20_000);
    run(7);
    expect(clock.look(now, monotonic).trustedMs).toBeGreaterThan(before + 60 * DAY_MS);
  });

  it('takes a step back between two processes at once', () => {
    run(6);
    restart(-60 * 24);
    expect(clock.look(now, monotonic).trustedMs).toBe(now);
  });

  it('begins anew with what it cannot read', () => {
    for (const text of ['', '7', '[]', '["7"]', '[7,[1]]', '[7,null]']) expect(readWatched(text)).toBeUndefined();
  });

  it('never trusts a time that a wrong clock showed for less than it must hold, nor one after the clock', () => {
    const session = fc.record({ on: fc.double({ min: 0, max: 12, noNaN: true }), off: fc.nat({ max: 200 }) });
    const wrong = fc.record({
      at: fc.nat({ max: 10 }),
      looks: fc.nat({ max: 35 }),
      aheadHours: fc.nat({ max: 2_000 }),
    });
    fc.assert(
      fc.property(fc.array(session, { maxLength: 10 }), wrong, (sessions, { at, looks, aheadHours }) => {
        [now, monotonic, clock] = [START, 0, new HeldClock(6 * HOUR_MS)];
        let left = looks;
        for (const [index, { on, off }] of sessions.entries()) {
          for (let round = 0; round <= on * 6; round++) {
            const ahead = index >= at && left-- > 0 ? aheadHours * HOUR_MS : 0;
            const { trustedMs } = clock.look(now + ahead, monotonic);
            if (trustedMs !== undefined) expect(trustedMs).toBeLessThanOrEqual(now);
            now += 600_000;
            monotonic += 600_000;
          }
          restart(off);
        }
      }),
    );
  });
});
