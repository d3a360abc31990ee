import { hasCustomBuckets } from '../histogram/bucket-bounds.js';
import { detectReset } from '../histogram/counter-reset.js';
import { sameBounds } from '../histogram/custom-bounds.js';
import type { Sample } from '../source/memory-source.js';
import type { CounterResetHint, FloatHistogram } from '../values/float-histogram.js';

/**
 * What a store says of a histogram that it was given, as Prometheus' does: whether a counter was reset is found from the
 * histogram before it, unless that is of another kind or layout. Only `gauge` and `reset` are taken from the histogram.
 */
export function storedHint(histogram: FloatHistogram, before: Sample | undefined): CounterResetHint {
  const said = histogram.counterReset;
  if (said === 'gauge') return 'gauge';
  const known = before?.histogram;
  if (known === undefined) return said === 'reset' ? 'reset' : 'unknown';
  if (known.counterReset === 'gauge') return 'unknown';
  if (said === 'reset' || histogram.count < known.count) return 'reset';
  if (histogram.schema !== known.schema || histogram.zeroThreshold !== known.zeroThreshold) return 'unknown';
  if (hasCustomBuckets(histogram) && !sameBounds(histogram.customBounds, known.customBounds)) return 'reset';
  return detectReset({ ...histogram, counterReset: 'unknown' }, known) ? 'reset' : 'not_reset';
}
