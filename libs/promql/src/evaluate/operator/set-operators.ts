import type { BinaryExpression, Matching } from '../../syntax/ast.js';
import { isEmpty, setFloat, setHistogram, type Column } from '../column.js';
import type { Evaluation } from '../evaluation.js';
import type { Frame } from '../frame.js';
import { matchGroups, matchLabels, presence } from './match-groups.js';

const ANY: Matching = { cardinality: 'many-to-many', labels: [], on: false, include: [] };

/** The values at the steps where others have one, or have none. */
function kept(column: Column, others: Uint8Array, where: 0 | 1, frame: Frame, evaluation: Evaluation): Column {
  if (!others.includes(where === 1 ? 0 : 1)) return column;
  const result = evaluation.newColumn(frame, column.labels, column.dropsName);
  for (let step = 0; step < frame.count; step++) {
    if (column.present[step] === 0 || others[step] !== where) continue;
    const histogram = column.histograms?.[step];
    if (histogram === undefined) setFloat(result, step, column.values[step] as number);
    else setHistogram(result, step, histogram);
  }
  return result;
}

/** `and`, `or` and `unless`. */
export async function evaluateSetOperator(
  { operator, matching = ANY }: BinaryExpression,
  left: readonly Column[],
  right: readonly Column[],
  frame: Frame,
  evaluation: Evaluation,
): Promise<readonly Column[]> {
  const groups = matchGroups(left, right, matching);
  const others = new Map<string, Uint8Array>();
  const presenceOf = (column: Column, side: 'left' | 'right'): Uint8Array => {
    const { key } = matchLabels(column.labels, matching);
    const known = others.get(key);
    if (known !== undefined) return known;
    const found = presence(groups.get(key)?.[side] ?? [], frame.count);
    others.set(key, found);
    return found;
  };
  const filter = async (columns: readonly Column[], side: 'left' | 'right', where: 0 | 1): Promise<Column[]> => {
    const results: Column[] = [];
    for (const column of columns) {
      const result = kept(column, presenceOf(column, side), where, frame, evaluation);
      if (!isEmpty(result)) results.push(result);
      if (evaluation.pace.isDue(frame.count)) await evaluation.pace.pause();
    }
    return results;
  };
  if (operator === 'or') return evaluation.joined(frame, [...left, ...(await filter(right, 'left', 0))]);
  return evaluation.joined(frame, await filter(left, 'right', operator === 'and' ? 1 : 0));
}
