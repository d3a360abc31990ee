import Type, { type Static } from 'typebox';
import { Count } from '../primitives.js';

/**
 * The one scale of every histogram in the pipeline: bin `i` holds values in `(2^(i/32), 2^((i+1)/32)]`,
 * so that a quantile is within 1.1 % of the truth and histograms of any two instances merge by adding bins.
 * (OpenTelemetry's exponential histogram at scale 5, Prometheus' native histogram of schema 5.)
 */
export const HISTOGRAM_SCALE = 5;

/** The lowest and highest bin index: what a signed 16-bit key of the database's map holds. */
export const MIN_BIN = -32_768;
export const MAX_BIN = 32_767;

/**
 * A histogram on the wire. `bins` alternates index and count, indices ascending:
 * `[3, 10, 5, 1]` is ten values in bin 3 and one in bin 5. `count` = `zero` + the sum of the bins.
 * The schema checks the shape; `histogramProblem` checks what a schema cannot say.
 */
export const HistogramData = (unit: string) =>
  Type.Object(
    {
      scale: Type.Literal(HISTOGRAM_SCALE),
      count: Count('How many values were recorded.'),
      sum: Type.Number({ minimum: 0, description: `Sum of the values, in ${unit}.` }),
      zero: Type.Optional(Count('How many values were zero (or below the smallest bin).')),
      min: Type.Optional(Type.Number({ minimum: 0, description: `Smallest value, in ${unit}.` })),
      max: Type.Optional(Type.Number({ minimum: 0, description: `Largest value, in ${unit}.` })),
      bins: Type.Array(Type.Integer({ minimum: MIN_BIN, maximum: Number.MAX_SAFE_INTEGER }), {
        maxItems: 8_192,
        description: 'Bin index and count in turn, indices ascending.',
      }),
    },
    { description: `Exponential histogram of scale ${HISTOGRAM_SCALE}, values in ${unit}.` },
  );

export type HistogramData = Static<ReturnType<typeof HistogramData>>;

/** Says what is wrong inside a histogram whose shape is right, or returns undefined. O(bins). */
export function histogramProblem(histogram: HistogramData): string | undefined {
  const { bins } = histogram;
  if (bins.length % 2 !== 0) return 'bins must hold pairs of index and count';
  let total = histogram.zero ?? 0;
  let previous = -Infinity;
  for (let i = 0; i < bins.length; i += 2) {
    const index = bins[i]!;
    const count = bins[i + 1]!;
    if (index <= previous) return `bin indices must ascend (${index} follows ${previous})`;
    if (index > MAX_BIN) return `bin index ${index} is over ${MAX_BIN}`;
    if (count <= 0) return `the count of bin ${index} must be at least 1`;
    previous = index;
    total += count;
  }
  if (total !== histogram.count) return `count is ${histogram.count}, but zero and bins add up to ${total}`;
  return undefined;
}
