import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MemorySource } from '../source/memory-source.js';
import { parseQuery } from '../syntax/parse-query.js';
import { Labels } from '../values/labels.js';
import { evaluateQuery } from './evaluate-query.js';
import type { Point, QueryValue } from './query-result.js';

const STEP_MS = 30_000;
const STEPS = 8;

const value = fc.oneof(
  fc.integer({ min: -50, max: 50 }),
  fc.double({ noDefaultInfinity: true, min: -1e6, max: 1e6 }),
  fc.constantFrom(NaN, Infinity, -Infinity, -0, 1e308),
);
const sample = fc.record({
  time: fc.integer({ min: -300_000, max: STEPS * STEP_MS }),
  value,
  stale: fc.integer({ min: 0, max: 9 }).map((one) => one === 0),
});
const series = fc.record({
  name: fc.constantFrom('a_total', 'b'),
  host: fc.constantFrom('x', 'y', 'z'),
  samples: fc.array(sample, { maxLength: 40 }),
});

interface Sample {
  readonly time: number;
  readonly value: number;
  readonly stale: boolean;
}

function sourceOf(all: readonly { name: string; host: string; samples: readonly Sample[] }[]) {
  const source = new MemorySource();
  for (const { name, host, samples } of all)
    source.add(
      Labels.of({ __name__: name, host }),
      samples.map(({ time, value, stale }) => (stale ? { time, stale } : { time, value })),
    );
  return source;
}

const QUERIES = [
  'a_total',
  'a_total offset 45s',
  'rate(a_total[2m])',
  'increase(a_total[70s]) > 0',
  'delta(b[2m])',
  'irate(a_total[2m]) or idelta(b[1m])',
  'sum_over_time(b[2m])',
  'avg_over_time(b[2m])',
  'max_over_time(b[90s]) - min_over_time(b[90s])',
  'stddev_over_time(b[2m])',
  'quantile_over_time(0.3, b[2m])',
  'changes(b[2m]) + resets(b[2m])',
  'deriv(b[2m]) + predict_linear(b[2m], 60)',
  'last_over_time(b[1m]) == first_over_time(b[1m])',
  'sum by (host) (a_total) / on (host) sum by (host) (b)',
  'avg({__name__=~".+"})',
  'stdvar(b)',
  'quantile(0.7, b)',
  'count_values("v", b)',
  'topk(1, b)',
  'a_total > bool on (host) b',
  'a_total unless on (host) b',
  'max_over_time(rate(a_total[1m])[2m:20s])',
  'absent(b{host="x"}) or absent_over_time(a_total{host="y"}[1m])',
  'timestamp(b)',
  'scalar(b{host="x"}) + b',
  'clamp(b, -10, 10) * time()',
];

/** Bits of doubles, so that -0 is not 0, and all series by their labels. */
function byLabels(value: QueryValue, time: number): ReadonlyMap<string, string> {
  const text = (point: Point): string => (Object.is(point.value, -0) ? '-0' : String(point.value));
  if (value.type !== 'vector' && value.type !== 'matrix') return new Map();
  return new Map(
    value.series.flatMap(({ labels, points }) =>
      points.filter((point) => point.time === time).map((point): [string, string] => [labels.key, text(point)]),
    ),
  );
}

describe('A range query', () => {
  it.each(QUERIES)('comes to what instant queries at its steps do: %s', async (text) => {
    const expression = parseQuery(text);
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(series, { selector: ({ name, host }) => name + host, maxLength: 6 }),
        async (all) => {
          const source = sourceOf(all);
          const times = { start: 0, end: (STEPS - 1) * STEP_MS, stepMs: STEP_MS };
          const { value: range } = await evaluateQuery({ expression, times, source });
          for (let step = 0; step < STEPS; step++) {
            const at = step * STEP_MS;
            const { value: instant } = await evaluateQuery({ expression, times: { at }, source });
            expect(byLabels(range, at)).toEqual(byLabels(instant, at));
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  it('adds up groups to what all are together', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.record({ host: fc.string(), value: fc.integer() }), { selector: ({ host }) => host }),
        async (all) => {
          const source = new MemorySource();
          for (const [n, { host, value: number }] of all.entries())
            source.add(Labels.of({ __name__: 'a', host, n: String(n) }), [{ time: 0, value: number }]);
          const query = async (text: string): Promise<QueryValue> =>
            (await evaluateQuery({ expression: parseQuery(text), times: { at: 0 }, source })).value;
          expect(await query('sum(sum by (host) (a))')).toEqual(await query('sum(a)'));
        },
      ),
    );
  });
});
