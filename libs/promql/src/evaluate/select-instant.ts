import type { VectorSelector } from '../syntax/ast.js';
import type { SeriesSamples } from '../source/series-source.js';
import { isEmpty, setFloat, setHistogram, type Column, type NewColumn } from './column.js';
import type { Evaluation } from './evaluation.js';
import { lookedAt, type Frame, type ResolvedShift } from './frame.js';

/** Calls back with the last sample of each step that is within the lookback and no stale marker. O(steps + samples) */
function eachSample(
  { times, stale }: SeriesSamples,
  frame: Frame,
  shift: ResolvedShift,
  lookbackMs: number,
  found: (step: number, at: number) => void,
): void {
  let next = 0;
  for (let step = 0; step < frame.count; step++) {
    const from = lookedAt(frame, step, shift);
    while (next < times.length && (times[next] as number) <= from) next++;
    const last = next - 1;
    if (last >= 0 && (times[last] as number) > from - lookbackMs && stale?.[last] !== 1) found(step, last);
  }
}

async function select(
  selector: VectorSelector,
  frame: Frame,
  evaluation: Evaluation,
  take: (column: NewColumn, series: SeriesSamples, step: number, at: number) => void,
): Promise<readonly Column[]> {
  const shift = evaluation.shiftOf(selector);
  const columns: Column[] = [];
  for (const series of evaluation.seriesOf(selector)) {
    const column = evaluation.newColumn(frame, series.labels);
    eachSample(series, frame, shift, evaluation.lookbackMs, (step, at) => take(column, series, step, at));
    if (!isEmpty(column)) columns.push(column);
    if (evaluation.pace.isDue(frame.count + series.times.length)) await evaluation.pace.pause();
  }
  return columns;
}

/** The last sample of each series before each step. */
export function selectInstant(
  selector: VectorSelector,
  frame: Frame,
  evaluation: Evaluation,
): Promise<readonly Column[]> {
  return select(selector, frame, evaluation, (column, { values, histograms }, step, at) => {
    const histogram = histograms?.[at];
    if (histogram === undefined) setFloat(column, step, values[at] as number);
    else setHistogram(column, step, histogram);
  });
}

/** When those samples were taken, in seconds since 1970: the function `timestamp` of a selector. */
export async function selectTimestamps(
  selector: VectorSelector,
  frame: Frame,
  evaluation: Evaluation,
): Promise<readonly Column[]> {
  const columns = await select(selector, frame, evaluation, (column, { times }, step, at) =>
    setFloat(column, step, (times[at] as number) / 1000),
  );
  return columns.map((column) => ({ ...column, ...evaluation.unnamed(column) }));
}
