import { detectReset } from '../histogram/counter-reset.js';
import type { Expression, VectorSelector } from '../syntax/ast.js';
import type { SeriesSamples } from '../source/series-source.js';
import type { FloatHistogram } from '../values/float-histogram.js';
import { isTrim } from './operator/element.js';
import { partsOf } from './parts.js';

const STATISTICS: ReadonlySet<string> = new Set(['histogram_count', 'histogram_sum', 'histogram_avg']);
const NEEDS_BUCKETS: ReadonlySet<string> = new Set(['histogram_quantile', 'histogram_fraction']);

function needsBuckets(part: Expression): boolean {
  if (part.kind === 'subquery') return true;
  if (part.kind === 'binary') return isTrim(part.operator);
  return part.kind === 'call' && NEEDS_BUCKETS.has(part.function);
}

/**
 * The selectors of whose histograms only the counts and sums come to something: their buckets need not be calculated with.
 * That is to be seen from outside: then it is known of each histogram whether it was reset, and custom bounds do not
 * differ, so that notices are others. O(n)
 */
export function bucketlessSelectors(expression: Expression): ReadonlySet<VectorSelector> {
  const found = new Set<VectorSelector>();
  const open = [{ part: expression, isStatistic: false }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { part } = next;
    if (needsBuckets(part)) continue;
    const isStatistic = next.isStatistic || (part.kind === 'call' && STATISTICS.has(part.function));
    if (part.kind === 'selector' && isStatistic) found.add(part);
    for (const inner of partsOf(part)) open.push({ part: inner, isStatistic });
  }
  return found;
}

const NONE = { index: [], count: [] };

/** Each histogram without buckets; in place of those it says whether it was reset since the one before it. O(n) */
export function withoutBuckets(samples: SeriesSamples): SeriesSamples {
  const { histograms } = samples;
  if (histograms === undefined) return samples;
  let before: FloatHistogram | undefined;
  const statistics = histograms.map((histogram): FloatHistogram | undefined => {
    if (histogram === undefined) return undefined;
    let { counterReset } = histogram;
    if (counterReset === 'unknown' && before !== undefined)
      counterReset = detectReset(histogram, before) ? 'reset' : 'not_reset';
    before = histogram;
    const { schema, count, sum } = histogram;
    return { counterReset, schema, count, sum, zeroThreshold: 0, zeroCount: 0, positive: NONE, negative: NONE };
  });
  return { ...samples, histograms: statistics };
}
