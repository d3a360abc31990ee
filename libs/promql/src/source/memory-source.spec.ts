import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Labels } from '../values/labels.js';
import { MemorySource, type Sample } from './memory-source.js';

const REQUESTS = Labels.of({ __name__: 'requests_total', code: '200' });

describe('a source in memory', () => {
  it('gives samples after one time and up to another', async () => {
    const source = new MemorySource();
    source.add(REQUESTS, [
      { time: 30, value: 3 },
      { time: 10, value: 1 },
      { time: 20, value: 2 },
    ]);
    const [series] = await source.select({ matchers: [], afterMs: 10, untilMs: 30 });
    expect([...(series?.times ?? [])]).toEqual([20, 30]);
    expect([...(series?.values ?? [])]).toEqual([2, 3]);
    expect(series?.histograms).toBeUndefined();
    expect(series?.stale).toBeUndefined();
  });

  it('leaves out series without a sample in the time', async () => {
    const source = new MemorySource();
    source.add(REQUESTS, [{ time: 10, value: 1 }]);
    expect(await source.select({ matchers: [], afterMs: 10, untilMs: 100 })).toEqual([]);
  });

  it('takes the last of samples of one time', async () => {
    const source = new MemorySource();
    source.add(REQUESTS, [{ time: 10, value: 1 }]);
    source.add(REQUESTS, [{ time: 10, value: 7 }]);
    expect(source.samplesOf(REQUESTS)).toEqual([{ time: 10, value: 7 }]);
  });

  it('marks where a series ended, and where there are histograms', async () => {
    const histogram = {
      counterReset: 'unknown',
      schema: 0,
      zeroThreshold: 0,
      zeroCount: 0,
      count: 1,
      sum: 1,
      positive: { index: [0], count: [1] },
      negative: { index: [], count: [] },
    } as const;
    const source = new MemorySource();
    source.add(REQUESTS, [
      { time: 1, value: 5 },
      { time: 2, stale: true },
      { time: 3, histogram },
    ]);
    const [series] = await source.select({ matchers: [], afterMs: 0, untilMs: 9 });
    expect([...(series?.stale ?? [])]).toEqual([0, 1, 0]);
    expect([...(series?.values ?? [])]).toEqual([5, NaN, NaN]);
    expect(series?.histograms).toEqual([undefined, undefined, histogram]);
  });

  it('keeps deltas apart from totals', async () => {
    const source = new MemorySource();
    source.add(REQUESTS, [{ time: 1, value: 5 }], 'delta');
    source.add(REQUESTS, [{ time: 1, value: 6 }]);
    const series = await source.select({ matchers: [], afterMs: 0, untilMs: 9 });
    expect(series.map(({ temporality }) => temporality)).toEqual(['delta', 'cumulative']);
  });

  it('gives series that all matchers hold for', async () => {
    const source = new MemorySource();
    source.add(REQUESTS, [{ time: 1, value: 5 }]);
    source.add(REQUESTS.with('code', '500'), [{ time: 1, value: 6 }]);
    const matchers = [{ name: 'code', operator: '=~', value: '5..' }] as const;
    const series = await source.select({ matchers, afterMs: 0, untilMs: 9 });
    expect(series.map(({ labels }) => labels.get('code'))).toEqual(['500']);
  });

  it('ends with the reason of the signal', async () => {
    const source = new MemorySource();
    const selection = { matchers: [], afterMs: 0, untilMs: 9 };
    await expect(source.select(selection, AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
  });

  it('gives of any samples those in the time, by time', async () => {
    const sample = fc.record({ time: fc.integer({ min: 0, max: 50 }), value: fc.integer() });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(sample, { selector: ({ time }) => time }),
        fc.integer({ min: -1, max: 51 }),
        fc.integer({ min: -1, max: 51 }),
        async (samples: readonly Sample[], afterMs, untilMs) => {
          const source = new MemorySource();
          source.add(REQUESTS, samples);
          const [series] = await source.select({ matchers: [], afterMs, untilMs });
          const expected = samples.map(({ time }) => time).filter((time) => time > afterMs && time <= untilMs);
          expect([...(series?.times ?? [])]).toEqual(expected.sort((a, b) => a - b));
        },
      ),
    );
  });
});
