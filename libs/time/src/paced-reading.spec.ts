import { describe, expect, it } from '@jest/globals';
import { FakeClock } from './testing/index.js';
import { PacedReading } from './paced-reading.js';

describe('PacedReading', () => {
  const answers = (clock: FakeClock, costMs: number, ...values: (number | Error)[]) => {
    let asked = 0;
    const reading = new PacedReading(clock, async () => {
      const value = values[asked++]!;
      await clock.advance(costMs);
      if (value instanceof Error) throw value;
      return value;
    });
    return { reading, asked: () => asked };
  };

  it('reads no more than its cost allows', async () => {
    const clock = new FakeClock();
    const { reading, asked } = answers(clock, 100, 1, 2, 3);
    expect(await reading.get()).toBe(1);
    await clock.advance(1_000);
    expect([await reading.get(), asked()]).toEqual([2, 2]);
    await clock.advance(1_999);
    expect([await reading.get(), asked()]).toEqual([2, 2]);
    await clock.advance(1);
    expect([await reading.get(), asked()]).toEqual([3, 3]);
  });

  it('does not take the first, which is cold, for a measure', async () => {
    const clock = new FakeClock();
    const { reading, asked } = answers(clock, 3_000, 1, 2);
    expect(await reading.get()).toBe(1);
    await clock.advance(999);
    expect([await reading.get(), asked()]).toEqual([1, 1]);
    await clock.advance(1);
    expect([await reading.get(), asked()]).toEqual([2, 2]);
  });

  it('keeps the last value when a reading fails, and paces the next one all the same', async () => {
    const clock = new FakeClock();
    const { reading, asked } = answers(clock, 4_000, 1, new Error('Too slow.'), 3);
    expect(await reading.get()).toBe(1);
    await clock.advance(80_000);
    expect([await reading.get(), asked()]).toEqual([1, 2]);
    expect([await reading.get(), asked()]).toEqual([1, 2]);
    await clock.advance(60_000);
    expect([await reading.get(), asked()]).toEqual([3, 3]);
  });

  it('fails while there is no value, without asking again at once', async () => {
    const clock = new FakeClock();
    const { reading, asked } = answers(clock, 4_000, new Error('Too slow.'), 2);
    await expect(reading.get()).rejects.toThrow('Too slow.');
    await expect(reading.get()).rejects.toThrow('Too slow.');
    expect(asked()).toBe(1);
    await clock.advance(60_000);
    expect(await reading.get()).toBe(2);
  });
});
