import { CUSTOM_BUCKETS, type Buckets, type FloatHistogram } from '../values/float-histogram.js';
import { LARGEST_SCHEMA, SMALLEST_SCHEMA } from './bucket-bounds.js';

function boundsProblem(bounds: readonly number[]): string | undefined {
  for (const [at, bound] of bounds.entries()) {
    if (Number.isNaN(bound)) return 'a custom bound is NaN';
    if (bound === Infinity) return 'the bound +Inf is given: it is understood';
    const before = bounds[at - 1];
    if (before !== undefined && bound <= before) {
      return `custom bounds do not ascend: ${bound} comes after ${before}`;
    }
  }
  return undefined;
}

function bucketsProblem(side: string, { index, count }: Buckets): string | undefined {
  if (index.length !== count.length) return `${side} buckets: ${index.length} indexes for ${count.length} counts`;
  for (const [at, bucket] of index.entries()) {
    const before = index[at - 1];
    if (!Number.isSafeInteger(bucket)) return `${side} buckets: the index ${bucket} is no whole number`;
    if (before !== undefined && bucket <= before) {
      return `${side} buckets: index ${bucket} comes after ${before}`;
    }
  }
  const below = count.find((counted) => counted < 0);
  return below === undefined ? undefined : `${side} buckets: the count ${below} is below 0`;
}

function customProblem(histogram: FloatHistogram): string | undefined {
  const { customBounds = [], positive, negative, zeroCount, zeroThreshold } = histogram;
  const problem = boundsProblem(customBounds);
  if (problem !== undefined) return problem;
  if (zeroCount !== 0 || zeroThreshold !== 0) return 'custom buckets have no zero bucket';
  if (negative.index.length > 0) return 'custom buckets have no negative side';
  const first = positive.index[0] ?? 0;
  if (first < 0) return `custom buckets begin with index 0, and here with ${first}`;
  const last = positive.index.at(-1) ?? 0;
  if (last > customBounds.length) return `bucket ${last} has no bound: there are ${customBounds.length} custom bounds`;
  return undefined;
}

function exponentialProblem({ zeroCount, zeroThreshold, customBounds }: FloatHistogram): string | undefined {
  if (zeroCount < 0) return `the zero bucket has the count ${zeroCount}, below 0`;
  if (!(zeroThreshold >= 0)) return `the zero bucket is ${zeroThreshold} wide, not 0 or more`;
  if (customBounds !== undefined) return 'only the schema of custom buckets has custom bounds';
  return undefined;
}

/** What is wrong with a histogram that came from outside; undefined when it is sound. O(n) */
export function histogramProblem(histogram: FloatHistogram): string | undefined {
  const { schema, count, positive, negative } = histogram;
  const custom = schema === CUSTOM_BUCKETS;
  if (!custom && !(Number.isInteger(schema) && schema >= SMALLEST_SCHEMA && schema <= LARGEST_SCHEMA)) {
    return `schema ${schema} is not from ${SMALLEST_SCHEMA} to ${LARGEST_SCHEMA}, nor ${CUSTOM_BUCKETS} for custom buckets`;
  }
  if (count < 0) return `the count is ${count}, below 0`;
  return (
    bucketsProblem('positive', positive) ??
    bucketsProblem('negative', negative) ??
    (custom ? customProblem(histogram) : exponentialProblem(histogram))
  );
}
