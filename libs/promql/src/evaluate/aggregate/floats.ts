import { setFloat } from '../column.js';
import { quantileOf } from '../range/floats.js';
import { eachFloat, type Fold } from './fold.js';

/** NaN loses against any number. */
function extreme(isBeyond: (a: number, b: number) => boolean): Fold {
  return (group, result, notices) => {
    const { values, present } = result;
    eachFloat(group, notices, (value, step) => {
      const known = values[step] as number;
      if (present[step] === 0 || isBeyond(value, known) || Number.isNaN(known)) setFloat(result, step, value);
    });
  };
}

export const max = extreme((a, b) => a > b);
export const min = extreme((a, b) => a < b);

function counted(total: (count: number) => number): Fold {
  return ({ columns }, result) => {
    for (const { present } of columns)
      for (let step = 0; step < present.length; step++)
        if (present[step] === 1) setFloat(result, step, total(result.values[step] as number));
  };
}

/** Histograms count, too. */
export const count = counted((count) => count + 1);
export const group = counted(() => 1);

/** Welford's method: one pass, and no difference of large sums. */
function deviation(result: (variance: number) => number): Fold {
  return (group, column, notices) => {
    const steps = column.values.length;
    const [counts, means, squares] = [new Float64Array(steps), new Float64Array(steps), new Float64Array(steps)];
    eachFloat(group, notices, (value, step) => {
      const known = counts[step] as number;
      counts[step] = known + 1;
      if (known === 0) {
        means[step] = value;
        squares[step] = Number.isFinite(value) ? 0 : NaN;
        return;
      }
      const distance = value - (means[step] as number);
      means[step] = (means[step] as number) + distance / (known + 1);
      squares[step] = (squares[step] as number) + distance * (value - (means[step] as number));
    });
    for (let step = 0; step < steps; step++)
      if (counts[step] !== 0) setFloat(column, step, result((squares[step] as number) / (counts[step] as number)));
  };
}

export const stdvar = deviation((variance) => variance);
export const stddev = deviation(Math.sqrt);

/** @param quantiles of each step */
export function quantile(quantiles: Float64Array): Fold {
  return async (group, result, notices, pace) => {
    const buffer = new Float64Array(group.columns.length);
    for (let step = 0; step < result.values.length; step++) {
      let found = 0;
      for (const { present, values, histograms } of group.columns) {
        if (present[step] === 0) continue;
        if (histograms?.[step] !== undefined) notices.ignored();
        else buffer[found++] = values[step] as number;
      }
      if (pace.isDue(4 * group.columns.length)) await pace.pause();
      if (found > 0) setFloat(result, step, quantileOf(quantiles[step] as number, buffer.subarray(0, found)));
    }
  };
}
