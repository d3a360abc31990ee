import type { Expression } from '../../syntax/ast.js';
import { METRIC_NAME, Labels, type Label } from '../../values/labels.js';
import { bare } from '../bare.js';
import { setFloat, type Column } from '../column.js';
import type { Evaluation } from '../evaluation.js';
import type { Frame } from '../frame.js';

/** The labels that a selector asks for with one `=` each: those a series would have if there were one. */
export function labelsOfAbsent(argument: Expression): Labels {
  const inner = bare(argument);
  const selector = inner.kind === 'range' ? inner.selector : inner;
  if (selector.kind !== 'selector') return Labels.NONE;
  const known = new Set<string>();
  const labels = new Map<string, string>();
  for (const { name, operator, value } of selector.matchers) {
    if (name === METRIC_NAME) continue;
    if (operator === '=' && !known.has(name)) {
      labels.set(name, value);
      known.add(name);
    } else labels.delete(name);
  }
  return Labels.of([...labels].map(([name, value]): Label => [name, value]));
}

/** 1 at the steps that no column has a value at. */
export function absentColumns(
  columns: readonly Column[],
  argument: Expression,
  frame: Frame,
  evaluation: Evaluation,
): readonly Column[] {
  const found = new Uint8Array(frame.count);
  for (const { present } of columns)
    for (let step = 0; step < frame.count; step++) if (present[step] === 1) found[step] = 1;
  if (!found.includes(0)) return [];
  const column = evaluation.newColumn(frame, labelsOfAbsent(argument));
  for (let step = 0; step < frame.count; step++) if (found[step] === 0) setFloat(column, step, 1);
  return [column];
}
