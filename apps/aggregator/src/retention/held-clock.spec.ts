import { beforeEach, describe, expect, it } from '@jest/globals';
import { HeldClock } from './held-clock.js';

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
