import { bucketFraction, bucketQuantile } from '../../histogram/classic-buckets.js';
import { histogramFraction } from '../../histogram/fraction.js';
import { histogramQuantile } from '../../histogram/quantile.js';
import type { Span } from '../../syntax/ast.js';
import type { Column } from '../column.js';
import type { Evaluation } from '../evaluation.js';
import { timeOf, type Frame } from '../frame.js';
import { foldHistograms } from './histogram-groups.js';

/** @param quantiles of each step @param spans of both arguments */
export function histogramQuantiles(
  quantiles: Float64Array,
  columns: readonly Column[],
  [quantileSpan, span]: readonly [Span, Span],
  frame: Frame,
  evaluation: Evaluation,
): Promise<readonly Column[]> {
  const { notices } = evaluation;
  for (const quantile of quantiles)
    if (!(quantile >= 0 && quantile <= 1)) notices.invalidQuantile(quantileSpan, quantile);
  return foldHistograms(columns, span, frame, evaluation, {
    native: (histogram, step, metric) => {
      const { quantile, notice } = histogramQuantile(quantiles[step] as number, histogram);
      if (notice === 'NaN result') notices.quantileIsNaN(span, metric);
      if (notice === 'NaN skew') notices.quantileIsSkewed(span, metric);
      return quantile;
    },
    classic: (buckets, step, metric) => {
      const { quantile, repair } = bucketQuantile(quantiles[step] as number, buckets);
      if (repair !== undefined) notices.fallingBuckets(span, metric, { ...repair, time: timeOf(frame, step) });
      return quantile;
    },
  });
}

/** @param lower and `upper` of each step */
export function histogramFractions(
  lower: Float64Array,
  upper: Float64Array,
  columns: readonly Column[],
  span: Span,
  frame: Frame,
  evaluation: Evaluation,
): Promise<readonly Column[]> {
  return foldHistograms(columns, span, frame, evaluation, {
    native: (histogram, step, metric) => {
      const { fraction, hasNaN } = histogramFraction(lower[step] as number, upper[step] as number, histogram);
      if (hasNaN) evaluation.notices.fractionWithoutNaN(span, metric);
      return fraction;
    },
    classic: (buckets, step) => bucketFraction(lower[step] as number, upper[step] as number, buckets),
  });
}
