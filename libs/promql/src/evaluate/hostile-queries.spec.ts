import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { QueryFailedError, QueryLimitError } from '../errors.js';
import { MemorySource } from '../source/memory-source.js';
import { aHistogram } from '../testing/any-histogram.js';
import { arbitraryExpression } from '../testing/arbitrary-expression.js';
import { Labels } from '../values/labels.js';
import { evaluateQuery } from './evaluate-query.js';
import type { QueryTimes } from './query.js';

const METRICS = ['a_total', 'b', 'h', 'd_bucket', '😀'];

function sourceOfAll(): MemorySource {
  const source = new MemorySource();
  const at = Array.from({ length: 30 }, (_, place) => place * 60_000);
  for (const host of ['x', 'y', '"\n😀'])
    for (const [n, name] of METRICS.entries()) {
      const odd = [NaN, Infinity, -Infinity, -0, 1e308, 5e-324];
      const samples = at.map((time, place) => {
        if (name === 'h' && place % 3 !== 0) return { time, histogram: aHistogram({ positive: { 1: place, 2: 3 } }) };
        if (place % 11 === 10) return { time, stale: true };
        return { time, value: place % 7 === 6 ? (odd[place % odd.length] ?? 0) : place * (n + 1) };
      });
      const delta = name === 'b' ? 'delta' : 'cumulative';
      source.add(Labels.of({ __name__: name, host, le: n % 2 === 0 ? '1' : '+Inf' }), samples, delta);
    }
  return source;
}

const times: fc.Arbitrary<QueryTimes> = fc.oneof(
  fc.record({ at: fc.integer({ min: -1_000_000, max: 3_000_000 }) }),
  fc
    .record({
      start: fc.integer({ min: -1_000_000, max: 3_000_000 }),
      steps: fc.nat(20),
      stepMs: fc.integer({ min: 1, max: 600_000 }),
    })
    .map(({ start, steps, stepMs }) => ({ start, end: start + steps * stepMs, stepMs })),
);

describe('Any query', () => {
  it('is answered, or refused with an error of ours', async () => {
    const source = sourceOfAll();
    const vocabulary = { metrics: METRICS, labels: ['host', 'le'], values: ['x', '1', '+Inf', ''] };
    await fc.assert(
      fc.asyncProperty(
        arbitraryExpression(vocabulary),
        times,
        fc.boolean(),
        async (expression, when, delayNameRemoval) => {
          const limits = { samples: 200_000 };
          const asked = evaluateQuery({ expression, times: when, source, delayNameRemoval, limits });
          const failure: unknown = await asked.then(
            () => undefined,
            (error: unknown) => error,
          );
          if (failure instanceof QueryFailedError || failure instanceof QueryLimitError) return;
          expect(failure).toBeUndefined();
        },
      ),
      { numRuns: 1_500 },
    );
  });
});
