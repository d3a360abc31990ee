import { compactHistogram } from '../histogram/compact.js';
import { CUSTOM_BUCKETS, type FloatHistogram } from '../values/float-histogram.js';
import { METRIC_NAME, type Labels } from '../values/labels.js';
import { MisreadError } from './cursor.js';
import { parseNumber } from './number.js';
import type { SeriesLine, SeriesValue } from './series-line.js';

/** What series of a classic histogram say of one time. */
interface ClassicSample {
  readonly buckets: Map<number, number>;
  count?: number;
  sum?: number;
}

type Part = 'bucket' | 'count' | 'sum';

function partOf(labels: Labels): { readonly part: Part; readonly base: Labels; readonly bound: number } | undefined {
  const [, name, part] = /^(.*)_(bucket|count|sum)$/.exec(labels.metricName) ?? [];
  if (name === undefined) return undefined;
  const base = labels.with(METRIC_NAME, name).with('le', '');
  if (part !== 'bucket') return { part: part === 'count' ? 'count' : 'sum', base, bound: NaN };
  const bound = parseNumber(labels.get('le')) ?? NaN;
  return Number.isNaN(bound) ? undefined : { part, base, bound };
}

function enter(sample: ClassicSample, part: Part, bound: number, value: number): void {
  if (part !== 'bucket') sample[part] = value;
  else if (!sample.buckets.has(bound)) sample.buckets.set(bound, value);
}

function nativeOf({ buckets, count, sum = 0 }: ClassicSample, series: Labels): FloatHistogram {
  const refuse = (problem: string): never => {
    throw new MisreadError(`${series.metricName} cannot become a histogram with custom buckets: ${problem}`);
  };
  const rungs = [...buckets].sort(([a], [b]) => a - b);
  const total = count ?? rungs.at(-1)?.[1] ?? 0;
  if (rungs.at(-1)?.[0] !== Infinity) rungs.push([Infinity, total]);
  if (rungs.at(-1)?.[1] !== total) refuse(`the count is ${total}, and that of the bucket +Inf ${rungs.at(-1)?.[1]}`);
  const counts = rungs.map(([bound, counted], at) => {
    const own = counted - (rungs[at - 1]?.[1] ?? 0);
    return own >= 0 ? own : refuse(`the bucket up to ${bound} counts less than the one before`);
  });
  return compactHistogram({
    counterReset: 'unknown',
    schema: CUSTOM_BUCKETS,
    zeroThreshold: 0,
    zeroCount: 0,
    count: total,
    sum,
    positive: { index: counts.map((_, at) => at), count: counts },
    negative: { index: [], count: [] },
    customBounds: rungs.slice(0, -1).map(([bound]) => bound),
  });
}

/**
 * The native histograms with custom buckets that series `…_bucket`, `…_count` and `…_sum` come to, at each step.
 * @throws MisreadError where they do not fit together
 */
export function nativeHistogramsOf(lines: readonly SeriesLine[]): readonly SeriesLine[] {
  const found = new Map<string, { readonly labels: Labels; readonly samples: ClassicSample[] }>();
  for (const { labels, values } of lines) {
    const classic = partOf(labels);
    if (classic === undefined) continue;
    const { part, base, bound } = classic;
    const known = found.get(base.key) ?? { labels: base, samples: [] };
    found.set(base.key, known);
    for (const [at, value] of values.entries()) {
      if (value.kind !== 'number') continue;
      const sample = (known.samples[at] ??= { buckets: new Map() });
      enter(sample, part, bound, value.value);
    }
  }
  return [...found.values()].map(({ labels, samples }) => ({
    labels,
    values: Array.from(samples, (sample: ClassicSample | undefined): SeriesValue => {
      if (sample === undefined) return { kind: 'omitted' };
      return { kind: 'histogram', histogram: nativeOf(sample, labels), hintGiven: false };
    }),
  }));
}
