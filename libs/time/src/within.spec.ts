import { describe, expect, it } from '@jest/globals';
import { FakeClock } from './testing/index.js';
import { within } from './within.js';

describe('within', () => {
  it('answers what the promise comes to, and leaves no timer behind', async () => {
    const clock = new FakeClock();
    await expect(within(clock, 100, Promise.resolve(7))).resolves.toBe(7);
    await expect(within(clock, 100, Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(clock.timers).toBe(0);
  });

  it('gives up a promise that does not settle in time', async () => {
    const clock = new FakeClock();
    const waiting = within(clock, 100, new Promise(() => undefined));
    const settled = expect(waiting).rejects.toThrow('No answer within 100 ms.');
    await clock.advance(100);
    await settled;
  });
});
