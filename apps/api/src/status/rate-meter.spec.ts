import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '#libs/time/testing';
import { PacedReading } from '#libs/time';
import { RateMeter } from './rate-meter.js';

describe('RateMeter', () => {
  it('tells the rate over its window, and nothing from one sample', () => {
    const meter = new RateMeter(5_000);
    expect(meter.add(0, 100)).toBe(0);
    expect(meter.add(1_000, 300)).toBe(200);
    expect(meter.add(5_000, 300)).toBe(40);
    // The first second is out of the window by now, the sample at its edge still counts.
    expect(meter.add(6_000, 300)).toBe(0);
  });

  it('works for a poll that is slower than the window', () => {
    const meter = new RateMeter(1_000);
    meter.add(0, 0);
    expect(meter.add(10_000, 50)).toBe(5);
    expect(meter.add(20_000, 150)).toBe(10);
  });

  it('starts anew when the total fell', () => {
    const meter = new RateMeter(5_000);
    meter.add(0, 1_000);
    expect(meter.add(1_000, 10)).toBe(0);
    expect(meter.add(2_000, 20)).toBe(10);
  });
});

describe('PacedReading', () => {
  it('waits twenty times as long as the last reading took', async () => {
    const clock = new FakeClock();
    let reads = 0;
    const reading = new PacedReading(clock, async () => {
      await clock.sleep(100);
      return ++reads;
    });
    const first = Promise.all([reading.get(), reading.get()]);
    await clock.advance(100);
    expect(await first).toEqual([1, 1]);
    await clock.advance(1_000);
    const second = reading.get();
    await clock.advance(100);
    expect(await second).toBe(2);
    await clock.advance(1_999);
    expect(await reading.get()).toBe(2);
    await clock.advance(1);
    const third = reading.get();
    await clock.advance(100);
    expect(await third).toBe(3);
  });

  it('reads again at once after a failure, and tells it', async () => {
    let reads = 0;
    const reading = new PacedReading(new FakeClock(), async () => {
      if (++reads === 1) throw new Error('away');
      return reads;
    });
    await expect(reading.get()).rejects.toThrow('away');
    expect(await reading.get()).toBe(2);
  });
});
