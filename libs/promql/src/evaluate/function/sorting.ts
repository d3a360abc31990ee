import { setFloat, type Column } from '../column.js';
import type { Evaluation } from '../evaluation.js';
import type { Frame } from '../frame.js';

/** The floats only. */
function floatsOf(columns: readonly Column[], frame: Frame, evaluation: Evaluation): readonly Column[] {
  return columns.flatMap((column) => {
    if (column.histograms === undefined) return [column];
    const floats = evaluation.newColumn(frame, column.labels, column.dropsName);
    let any = false;
    for (let step = 0; step < frame.count; step++) {
      if (column.present[step] === 0 || column.histograms[step] !== undefined) continue;
      setFloat(floats, step, column.values[step] as number);
      any = true;
    }
    return any ? [floats] : [];
  });
}

/** By value, NaN last; over a range there is no such order, and only histograms go. */
export function sortedByValue(
  columns: readonly Column[],
  descending: boolean,
  frame: Frame,
  evaluation: Evaluation,
): readonly Column[] {
  const floats = floatsOf(columns, frame, evaluation);
  if (frame.count !== 1) return floats;
  return floats.toSorted(({ values: [a = NaN] }, { values: [b = NaN] }) => {
    if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
    if (a === b) return 0;
    return a < b === descending ? 1 : -1;
  });
}
