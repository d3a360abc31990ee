import { scaleHistogram } from '../../histogram/scale.js';
import { joinedByLabels, setFloat, setHistogram, type Column } from '../column.js';
import type { Evaluation } from '../evaluation.js';
import type { Frame } from '../frame.js';

/** `-` in front of a vector. */
export function negated(columns: readonly Column[], frame: Frame, evaluation: Evaluation): readonly Column[] {
  const results = columns.map((column) => {
    const { labels, dropsName } = evaluation.unnamed(column);
    const result = evaluation.newColumn(frame, labels, dropsName);
    for (let step = 0; step < frame.count; step++) {
      if (column.present[step] === 0) continue;
      const histogram = column.histograms?.[step];
      if (histogram === undefined) setFloat(result, step, -(column.values[step] as number));
      else setHistogram(result, step, scaleHistogram(histogram, -1));
    }
    return result;
  });
  return evaluation.delaysNameRemoval ? results : joinedByLabels(results);
}
