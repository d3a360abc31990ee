import type { BinaryExpression } from '../../syntax/ast.js';
import { isEmpty, setFloat, setHistogram, type Column, type NewColumn } from '../column.js';
import type { Evaluation } from '../evaluation.js';
import type { Frame } from '../frame.js';
import { ARITHMETIC_OF, COMPARISON_OF } from './arithmetic.js';
import { histogramElement, isTrim } from './element.js';
import { LastNotices } from './last-notices.js';

/** Two scalars: comparisons give 1 or 0. */
export function scalarWithScalar(
  { operator }: BinaryExpression,
  left: Float64Array,
  right: Float64Array,
  frame: Frame,
  evaluation: Evaluation,
): Float64Array {
  const compare = COMPARISON_OF.get(operator);
  const calculate = ARITHMETIC_OF.get(operator) ?? ((a: number, b: number) => (compare?.(a, b) === true ? 1 : 0));
  const values = evaluation.newScalar(frame);
  for (let step = 0; step < frame.count; step++) values[step] = calculate(left[step] as number, right[step] as number);
  return values;
}

/** Writes what a value of the vector and the scalar come to at a step. */
type ElementWriter = (value: number, scalar: number, step: number, result: NewColumn) => void;

function floatWriter({ operator, bool }: BinaryExpression, swapped: boolean): ElementWriter {
  const calculate = ARITHMETIC_OF.get(operator);
  if (calculate !== undefined)
    return (value, scalar, step, result) =>
      setFloat(result, step, swapped ? calculate(scalar, value) : calculate(value, scalar));
  const compare = COMPARISON_OF.get(operator) ?? (() => false);
  return (value, scalar, step, result) => {
    const holds = swapped ? compare(scalar, value) : compare(value, scalar);
    if (bool) setFloat(result, step, holds ? 1 : 0);
    else if (holds) setFloat(result, step, value);
  };
}

/** @param swapped the scalar is on the left */
export async function vectorWithScalar(
  expression: BinaryExpression,
  columns: readonly Column[],
  scalar: Float64Array,
  swapped: boolean,
  frame: Frame,
  evaluation: Evaluation,
): Promise<readonly Column[]> {
  const { operator, bool, span } = expression;
  const write = floatWriter(expression, swapped);
  const keepsName = !ARITHMETIC_OF.has(operator) && !bool;
  const onlyHistograms = isTrim(operator);
  const last = new LastNotices();
  const results: Column[] = [];
  for (const column of columns) {
    const { labels, dropsName } = keepsName ? column : evaluation.unnamed(column);
    const result = evaluation.newColumn(frame, labels, dropsName);
    for (let step = 0; step < frame.count; step++) {
      if (column.present[step] === 0) continue;
      const other = scalar[step] as number;
      const histogram = column.histograms?.[step];
      if (histogram === undefined && !onlyHistograms) {
        write(column.values[step] as number, other, step, result);
        continue;
      }
      const own = histogram ?? (column.values[step] as number);
      const element = swapped
        ? histogramElement(operator, other, own, span)
        : histogramElement(operator, own, other, span);
      if (element.notice !== undefined) last.set(step, element.notice);
      else if (element.histogram !== undefined) setHistogram(result, step, element.histogram);
    }
    if (!isEmpty(result)) results.push(result);
    if (evaluation.pace.isDue(frame.count)) await evaluation.pace.pause();
  }
  last.tell(evaluation.notices);
  return keepsName ? results : evaluation.joined(frame, results);
}
