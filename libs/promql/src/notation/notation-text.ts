import { compactHistogram } from '../histogram/compact.js';
import { hasCustomBuckets } from '../histogram/bucket-bounds.js';
import { shortNumber } from '../histogram/histogram-text.js';
import type { Point } from '../evaluate/query-result.js';
import type { Buckets, FloatHistogram } from '../values/float-histogram.js';
import { METRIC_NAME, type Labels } from '../values/labels.js';
import type { SeriesValue } from './series-line.js';

function list(values: readonly number[]): string {
  return `[${values.map(shortNumber).join(' ')}]`;
}

/** Those between the first and the last one that are not there are 0. */
function bucketsText(key: string, offsetKey: string, { index, count }: Buckets): string[] {
  const first = index[0];
  if (first === undefined) return [];
  const span = (index.at(-1) ?? first) - first + 1;
  const text =
    span <= 1_000
      ? list(Array.from({ length: span }, (_, at) => count[index.indexOf(first + at)] ?? 0))
      : `(at ${index.join(' ')}) ${list(count)}`;
  return [...(first === 0 ? [] : [`${offsetKey}:${first}`]), `${key}:${text}`];
}

/** A histogram as the notation writes it; buckets that are empty at either end are left out. */
export function histogramNotation(histogram: FloatHistogram): string {
  const compact = compactHistogram(histogram);
  const { schema, count, sum, zeroCount, zeroThreshold, counterReset, customBounds = [] } = compact;
  const numbers = Object.entries({ schema, count, sum, z_bucket: zeroCount, z_bucket_w: zeroThreshold });
  const parts = [
    ...numbers.filter(([, value]) => value !== 0).map(([key, value]) => `${key}:${shortNumber(value)}`),
    ...(hasCustomBuckets(compact) ? [`custom_values:${list(customBounds)}`] : []),
    ...(counterReset === 'unknown' ? [] : [`counter_reset_hint:${counterReset}`]),
    ...bucketsText('buckets', 'offset', compact.positive),
    ...bucketsText('n_buckets', 'n_offset', compact.negative),
  ];
  return `{{${parts.join(' ')}}}`;
}

export function pointNotation({ value, histogram }: Point): string {
  return histogram === undefined ? shortNumber(value) : histogramNotation(histogram);
}

export function valueNotation(value: SeriesValue): string {
  if (value.kind === 'number') return shortNumber(value.value);
  if (value.kind === 'histogram') return histogramNotation(value.histogram);
  return value.kind === 'stale' ? 'stale' : '_';
}

/** `requests_total{code="200"}`, with the name in quotes where it has to be. */
export function seriesNotation(labels: Labels): string {
  const name = labels.metricName;
  const plain = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name);
  const pairs = labels.sorted
    .filter(([label]) => label !== METRIC_NAME)
    .map(([label, value]) => {
      const key = /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(label) ? label : JSON.stringify(label);
      return `${key}=${JSON.stringify(value)}`;
    });
  if (name !== '' && !plain) return `{${[JSON.stringify(name), ...pairs].join(', ')}}`;
  return name !== '' && pairs.length === 0 ? name : `${name}{${pairs.join(', ')}}`;
}
