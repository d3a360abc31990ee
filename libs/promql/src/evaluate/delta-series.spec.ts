import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MemorySource, type Sample } from '../source/memory-source.js';
import { parseQuery } from '../syntax/parse-query.js';
import { Labels } from '../values/labels.js';
import type { FloatHistogram } from '../values/float-histogram.js';
import { evaluateQuery } from './evaluate-query.js';
import type { Point } from './query-result.js';

const LABELS = Labels.of({ __name__: 'events' });

async function pointOf(text: string, at: number, samples: readonly Sample[]): Promise<Point | undefined> {
  const source = new MemorySource();
  source.add(LABELS, samples, 'delta');
  const { value, annotations } = await evaluateQuery({ expression: parseQuery(text), times: { at }, source });
  expect(annotations).toEqual([]);
  return value.type === 'vector' ? value.series[0]?.points[0] : undefined;
}

const MINUTES: readonly Sample[] = [5, 0, 7, 3].map((value, at) => ({ time: (at + 1) * 60_000, value }));

function histogram(count: number): FloatHistogram {
  const none = { index: [], count: [] };
  const fixed = { counterReset: 'unknown', schema: 5, zeroThreshold: 0, zeroCount: 0, negative: none } as const;
  return { ...fixed, count, sum: 2 * count, positive: { index: [1], count: [count] } };
}

describe('A delta series', () => {
  it.each([
    ['increase(events[2m])', 10],
    ['increase(events[3m])', 10],
    ['increase(events[4m])', 15],
    ['rate(events[4m])', 15 / 240],
    ['increase(events[1m])', 3],
    ['delta(events[4m])', 15],
    ['irate(events[4m])', 3 / 60],
    ['idelta(events[1m])', 3],
    ['resets(events[4m])', 0],
    ['changes(events[4m])', 3],
    ['deriv(events[2m])', 3 / 60],
    ['sum_over_time(events[4m])', 15],
  ])('comes to exact sums: %s is %d', async (text, expected) => {
    expect((await pointOf(text, 240_000, MINUTES))?.value).toBe(expected);
  });

  it('has no rate without samples, and one of 0 with a sample of 0', async () => {
    expect(await pointOf('rate(events[1m])', 400_000, MINUTES)).toBeUndefined();
    expect((await pointOf('rate(events[1m])', 120_000, MINUTES))?.value).toBe(0);
  });

  it('adds up the histograms of a window', async () => {
    const samples = [1, 2, 4].map((count, at) => ({ time: (at + 1) * 60_000, histogram: histogram(count) }));
    expect((await pointOf('increase(events[2m])', 180_000, samples))?.histogram).toMatchObject({
      count: 6,
      sum: 12,
      counterReset: 'gauge',
      positive: { index: [1], count: [6] },
    });
    expect((await pointOf('rate(events[2m])', 180_000, samples))?.histogram?.count).toBeCloseTo(6 / 120, 12);
  });

  it('rises in two windows beside each other by as much as in both', async () => {
    const sample = fc.record({ time: fc.integer({ min: 1, max: 120_000 }), value: fc.integer({ min: 0, max: 1_000 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(sample), async (samples) => {
        const [first, second, both] = await Promise.all([
          pointOf('increase(events[1m])', 60_000, samples),
          pointOf('increase(events[1m])', 120_000, samples),
          pointOf('increase(events[2m])', 120_000, samples),
        ]);
        expect((first?.value ?? 0) + (second?.value ?? 0)).toBe(both?.value ?? 0);
      }),
    );
  });
});
