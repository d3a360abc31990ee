import { QueryFailedError } from '../../errors.js';
import { histogramText } from '../../histogram/histogram-text.js';
import type { Aggregation } from '../../syntax/ast.js';
import { quote } from '../../syntax/quoted-text.js';
import type { Labels } from '../../values/labels.js';
import { bare } from '../bare.js';
import { setFloat, type Column, type NewColumn } from '../column.js';
import type { Evaluation } from '../evaluation.js';
import type { Frame } from '../frame.js';
import { isLabelName } from '../label-name.js';
import { groupedLabels } from './groups.js';
import { plainNumber } from './plain-number.js';

function labelOf({ parameter }: Aggregation): string {
  const inner = parameter === undefined ? undefined : bare(parameter);
  if (inner?.kind !== 'string') throw new QueryFailedError('count_values takes the name of a label.', parameter?.span);
  if (!isLabelName(inner.value)) throw new QueryFailedError(`invalid label name ${quote(inner.value)}`, inner.span);
  return inner.value;
}

/** How many columns of a group have each value; the value becomes a label. */
export async function countValues(
  aggregation: Aggregation,
  columns: readonly Column[],
  frame: Frame,
  evaluation: Evaluation,
): Promise<readonly Column[]> {
  const label = labelOf(aggregation);
  const { without, grouping } = aggregation;
  const names = new Set(without ? grouping : [...grouping, label]);
  const results = new Map<string, NewColumn>();
  const resultFor = (labels: Labels, text: string): NewColumn => {
    const grouped = groupedLabels(labels.with(label, text), names, without);
    const known = results.get(grouped.key);
    if (known !== undefined) return known;
    const result = evaluation.newColumn(frame, grouped);
    results.set(grouped.key, result);
    return result;
  };
  for (const { labels, present, values, histograms } of columns) {
    let last: { text: string; result: NewColumn } | undefined;
    for (let step = 0; step < frame.count; step++) {
      if (present[step] === 0) continue;
      const histogram = histograms?.[step];
      const text = histogram === undefined ? plainNumber(values[step] as number) : histogramText(histogram);
      if (last?.text !== text) last = { text, result: resultFor(labels, text) };
      setFloat(last.result, step, (last.result.values[step] as number) + 1);
    }
    if (evaluation.pace.isDue(10 * frame.count)) await evaluation.pace.pause();
  }
  return [...results.values()];
}
