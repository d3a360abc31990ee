import fc from 'fast-check';
import { CUSTOM_BUCKETS, type Buckets, type FloatHistogram } from '../values/float-histogram.js';

/** A histogram; what a test does not say is empty. The count is that of all buckets unless it is given. */
export function aHistogram(
  given: Partial<Omit<FloatHistogram, 'positive' | 'negative'>> & {
    readonly positive?: Readonly<Record<number, number>>;
    readonly negative?: Readonly<Record<number, number>>;
  } = {},
): FloatHistogram {
  const positive = bucketsOf(given.positive ?? {});
  const negative = bucketsOf(given.negative ?? {});
  const zeroCount = given.zeroCount ?? 0;
  const counted = [...positive.count, ...negative.count, zeroCount].reduce((sum, count) => sum + count, 0);
  return {
    counterReset: 'unknown',
    schema: 0,
    zeroThreshold: 0,
    count: counted,
    sum: counted,
    ...given,
    zeroCount,
    positive,
    negative,
  };
}

function bucketsOf(counts: Readonly<Record<number, number>>): Buckets {
  const index = Object.keys(counts)
    .map(Number)
    .sort((a, b) => a - b);
  return { index, count: index.map((at) => counts[at] ?? 0) };
}

/** One whose only bucket bounds are these, with a count for each and one more. */
export function aCustomHistogram(customBounds: readonly number[], counts: readonly number[]): FloatHistogram {
  return aHistogram({ schema: CUSTOM_BUCKETS, customBounds, positive: Object.fromEntries(counts.entries()) });
}

const counts = fc.dictionary(fc.integer({ min: -12, max: 12 }).map(String), fc.integer({ min: 0, max: 1_000 }), {
  maxKeys: 8,
});

/** Of some schema, with whole counts and finite sum, so that sums of a few are exact. Bucket 1 begins at 1. */
export function anyExponential(schemas = { min: -4, max: 8 }): fc.Arbitrary<FloatHistogram> {
  return fc
    .record({
      schema: fc.integer(schemas),
      positive: counts,
      negative: counts,
      zeroCount: fc.integer({ min: 0, max: 100 }),
      sum: fc.integer({ min: -10_000, max: 10_000 }),
    })
    .map((parts) => aHistogram(parts));
}

/** With some of the same few bounds. */
export const anyCustom: fc.Arbitrary<FloatHistogram> = fc
  .record({
    bounds: fc.subarray([-5, -1, 0, 1, 2.5, 5, 10, 100]),
    filled: fc.array(fc.integer({ min: 0, max: 1_000 }), { minLength: 9, maxLength: 9 }),
    sum: fc.integer({ min: -10_000, max: 10_000 }),
  })
  .map(({ bounds, filled, sum }) => ({ ...aCustomHistogram(bounds, filled.slice(0, bounds.length + 1)), sum }));
