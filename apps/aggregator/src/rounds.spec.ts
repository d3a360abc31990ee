import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '#libs/time/testing';
import { Rounds } from './rounds.js';

/** Rounds of 10 ms of pause whose work ends when told. */
function setUp() {
  const clock = new FakeClock();
  const ends: (() => void)[] = [];
  const rounds = new Rounds(clock, 10, () => new Promise((resolve) => ends.push(resolve)));
  return { clock, rounds, started: () => ends.length, end: () => ends.at(-1)!() };
}

describe('Rounds', () => {
  it('pauses before each round, counted from the end of the last', async () => {
    const { clock, rounds, started, end } = setUp();
    rounds.start();
    await clock.advance(9);
    expect(started()).toBe(0);
    await clock.advance(1);
    expect(started()).toBe(1);
    await clock.advance(100);
    expect(started()).toBe(1);
    end();
    await clock.advance(9);
    expect(started()).toBe(1);
    await clock.advance(1);
    expect(started()).toBe(2);
  });

  it('shares a round that runs with whoever asks for one meanwhile', async () => {
    const { clock, rounds, started, end } = setUp();
    rounds.start();
    await clock.advance(10);
    const asked = [rounds.run(), rounds.run()];
    expect(started()).toBe(1);
    end();
    await Promise.all(asked);
    void rounds.run();
    expect(started()).toBe(2);
  });

  it('lets the round that runs end when it is stopped, and starts no other', async () => {
    const { clock, rounds, started, end } = setUp();
    rounds.start();
    await clock.advance(10);
    let over = false;
    const stopped = rounds.stop().then(() => (over = true));
    await clock.advance(0);
    expect([over, rounds.stopped]).toEqual([false, true]);
    end();
    await stopped;
    await clock.advance(100);
    expect([started(), clock.timers]).toEqual([1, 0]);
  });

  it('goes on at one pace when it is started again before the last round has ended', async () => {
    const { clock, rounds, end } = setUp();
    rounds.start();
    await clock.advance(10);
    void rounds.stop();
    rounds.start();
    end();
    await clock.advance(0);
    expect(clock.timers).toBe(1);
  });
});
