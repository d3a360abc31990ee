import { QueryFailedError } from '../../errors.js';
import type { Aggregation } from '../../syntax/ast.js';
import { setFloat, type Column, type NewColumn } from '../column.js';
import type { Evaluation } from '../evaluation.js';
import type { Frame } from '../frame.js';
import { shortNumber } from '../../histogram/histogram-text.js';
import { groupsOf, type Group } from './groups.js';
import { TopHeap, type Ranked } from './heap.js';

const LARGEST_WHOLE = 2 ** 63;

/** @throws {QueryFailedError} for a number of series that is none */
function checkSizes(sizes: Float64Array, { parameter }: Aggregation): void {
  const fail = (text: string): never => {
    throw new QueryFailedError(text, parameter?.span);
  };
  for (const size of sizes) {
    if (Number.isNaN(size)) fail('Parameter value is NaN');
    if (size <= -LARGEST_WHOLE) fail(`Scalar value ${shortNumber(size)} underflows int64`);
    if (size >= LARGEST_WHOLE) fail(`Scalar value ${shortNumber(size)} overflows int64`);
  }
}

/** NaN when one is. */
function largestOf(sizes: Float64Array): number {
  let largest = -Infinity;
  for (const size of sizes) largest = Math.max(largest, size);
  return largest;
}

/** Which columns of a group are at the top at a step, the best one first. */
function topAt({ columns }: Group, step: number, size: number, descending: boolean, ignored: () => void) {
  const heap = new TopHeap(size, descending ? (a, b) => a > b : (a, b) => a < b);
  for (const [place, { present, values, histograms }] of columns.entries()) {
    if (present[step] === 0) continue;
    if (histograms?.[step] === undefined) heap.add({ value: values[step] as number, place });
    else ignored();
  }
  return heap.ordered;
}

/**
 * `topk` and `bottomk`: of each group those columns that are at the top, at each step those that are so there. At a single
 * step they are in order. @param sizes of each step
 */
export async function topColumns(
  aggregation: Aggregation,
  sizes: Float64Array,
  columns: readonly Column[],
  frame: Frame,
  evaluation: Evaluation,
): Promise<readonly Column[]> {
  if (largestOf(sizes) < 1) return [];
  checkSizes(sizes, aggregation);
  const descending = aggregation.aggregation === 'topk';
  const ignored = (): void => evaluation.notices.ignoredInAggregation(aggregation.span, aggregation.aggregation);
  const results: Column[] = [];
  for (const group of groupsOf(columns, aggregation)) {
    const chosen = new Map<number, NewColumn>();
    const choose = ({ place, value }: Ranked, step: number): void => {
      const { labels, dropsName } = group.columns[place] as Column;
      const column = chosen.get(place) ?? evaluation.newColumn(frame, labels, dropsName);
      chosen.set(place, column);
      setFloat(column, step, value);
    };
    for (let step = 0; step < frame.count; step++) {
      const size = Math.min(Math.trunc(sizes[step] as number), columns.length);
      if (size < 1) continue;
      for (const ranked of topAt(group, step, size, descending, ignored)) choose(ranked, step);
      if (evaluation.pace.isDue(4 * group.columns.length)) await evaluation.pace.pause();
    }
    results.push(...chosen.values());
  }
  return results;
}
