import { hasCustomBuckets } from '../histogram/bucket-bounds.js';
import { detectReset } from '../histogram/counter-reset.js';
import { sameBounds } from '../histogram/custom-bounds.js';
import type { Sample } from '../source/memory-source.js';
import type { CounterResetHint, FloatHistogram } from '../values/float-histogram.js';

/** Whether a store puts a histogram behind the one before it in one block: same layout, and nothing counted less. */
function continues(histogram: FloatHistogram, before: FloatHistogram): boolean {
  return (
    before.counterReset !== 'gauge' &&
    histogram.counterReset !== 'reset' &&
    histogram.schema === before.schema &&
    histogram.zeroThreshold === before.zeroThreshold &&
    (!hasCustomBuckets(histogram) || sameBounds(histogram.customBounds, before.customBounds)) &&
    !detectReset({ ...histogram, counterReset: 'unknown' }, before)
  );
}

/**
 * What a store says of a histogram that it was given, as Prometheus' does: that a counter was not reset is known where it
 * goes on from the one before it. Where it does not, nothing is said, not even that it was reset, as samples may come in
 * between later. Of what the histogram says of itself, only `gauge` stays.
 */
export function storedHint(histogram: FloatHistogram, before: Sample | undefined): CounterResetHint {
  if (histogram.counterReset === 'gauge') return 'gauge';
  return before?.histogram !== undefined && continues(histogram, before.histogram) ? 'not_reset' : 'unknown';
}
