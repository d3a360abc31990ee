import { compactHistogram } from '../../histogram/compact.js';
import { HistogramMean, HistogramSum } from '../../histogram/histogram-sum.js';
import type { FloatHistogram } from '../../values/float-histogram.js';
import { setFloat, setHistogram, type NewColumn } from '../column.js';
import { compensatedMean, compensatedSum } from '../range/floats.js';
import type { Pace } from '../pace.js';
import { hasHistograms, samplesAt, type Fold, type FoldNotices, type Sample } from './fold.js';
import type { Group } from './groups.js';

/**
 * Of a group without histograms; what rounding takes away of each sum is put beside it. @returns how many values there are at
 * each step
 */
function sumFloats({ columns }: Group, { values: sums, present }: NewColumn, lost: Float64Array): Uint32Array {
  const counts = new Uint32Array(sums.length);
  for (const column of columns)
    for (let step = 0; step < sums.length; step++) {
      if (column.present[step] === 0) continue;
      const value = column.values[step] as number;
      counts[step] = (counts[step] as number) + 1;
      if (present[step] === 0) {
        present[step] = 1;
        sums[step] = value;
        continue;
      }
      const sum = sums[step] as number;
      const total = sum + value;
      if (total === Infinity || total === -Infinity) lost[step] = 0;
      else if (Math.abs(sum) >= Math.abs(value)) lost[step] = (lost[step] as number) + (sum - total + value);
      else lost[step] = (lost[step] as number) + (value - total + sum);
      sums[step] = total;
    }
  return counts;
}

function addHistograms(
  totals: HistogramSum | HistogramMean,
  samples: readonly Sample[],
  notices: FoldNotices,
): boolean {
  for (const { histogram, column } of samples.slice(1))
    if (histogram !== undefined && !totals.add(histogram)) {
      notices.mixedSchemas(column.labels.metricName);
      return false;
    }
  if (totals.boundsReconciled) notices.boundsReconciled();
  if (totals.counterResetCollision) notices.counterResetCollision();
  return true;
}

/** At each step by itself, as there may be floats at some and histograms at others; not both at one. */
async function totalMixed(
  group: Group,
  result: NewColumn,
  notices: FoldNotices,
  pace: Pace,
  ofFloats: (values: Float64Array) => number,
  ofHistograms: (samples: readonly Sample[], first: FloatHistogram) => FloatHistogram | undefined,
): Promise<void> {
  for (let step = 0; step < result.values.length; step++) {
    const samples = samplesAt(group, step);
    const [first] = samples;
    if (pace.isDue(100 * samples.length)) await pace.pause();
    if (first === undefined) continue;
    const histograms = samples.filter(({ histogram }) => histogram !== undefined).length;
    if (histograms === 0) setFloat(result, step, ofFloats(Float64Array.from(samples, ({ value }) => value)));
    else if (histograms < samples.length) notices.mixedSamples();
    else if (first.histogram !== undefined) {
      const total = ofHistograms(samples, first.histogram);
      if (total !== undefined) setHistogram(result, step, compactHistogram(total));
    }
  }
}

export const sum: Fold = async (group, result, notices, pace) => {
  if (!hasHistograms(group)) {
    const { values } = result;
    const lost = new Float64Array(values.length);
    sumFloats(group, result, lost);
    for (let step = 0; step < values.length; step++) values[step] = (values[step] as number) + (lost[step] as number);
    return;
  }
  await totalMixed(
    group,
    result,
    notices,
    pace,
    (values) => compensatedSum(values, 0, values.length),
    (samples, first) => {
      const total = new HistogramSum(first);
      return addHistograms(total, samples, notices) ? total.total : undefined;
    },
  );
};

function floatsAt({ columns }: Group, step: number): Float64Array {
  return Float64Array.from(
    columns.filter(({ present }) => present[step] === 1),
    ({ values }) => values[step] as number,
  );
}

export const avg: Fold = async (group, result, notices, pace) => {
  if (!hasHistograms(group)) {
    const { values } = result;
    const lost = new Float64Array(values.length);
    const counts = sumFloats(group, result, lost);
    for (let step = 0; step < values.length; step++) {
      const [sum, count] = [values[step] as number, counts[step] as number];
      // A sum that a double cannot hold is begun anew as a mean.
      if (Math.abs(sum) !== Infinity) values[step] = sum / count + (lost[step] as number) / count;
      else if (count > 0) values[step] = compensatedMean(floatsAt(group, step), 0, count);
    }
    return;
  }
  await totalMixed(
    group,
    result,
    notices,
    pace,
    (values) => compensatedMean(values, 0, values.length),
    (samples, first) => {
      const mean = new HistogramMean(first);
      return addHistograms(mean, samples, notices) ? mean.mean : undefined;
    },
  );
};
