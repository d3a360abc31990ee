import { compactHistogram } from '../../histogram/compact.js';
import { equalHistograms } from '../../histogram/equality.js';
import { addHistograms, subtractHistograms } from '../../histogram/merge.js';
import { divideHistogram, scaleHistogram } from '../../histogram/scale.js';
import { trimHistogram } from '../../histogram/trim.js';
import type { BinaryOperator, Span } from '../../syntax/ast.js';
import type { Annotation } from '../../values/annotations.js';
import type { FloatHistogram } from '../../values/float-histogram.js';
import { boundsReconciled, counterResetCollision, incompatibleLayout, incompatibleTypes } from '../notices.js';

/** What an operator comes to where at least one side is a histogram. */
export interface HistogramElement {
  /** Undefined when it comes to nothing. */
  readonly histogram: FloatHistogram | undefined;
  /** Of a comparison: whether it holds. */
  readonly holds: boolean;
  readonly notice?: Annotation;
}

type Operand = FloatHistogram | number;

const typeOf = (operand: Operand) => (typeof operand === 'number' ? 'float' : 'histogram');

function merged(operator: '+' | '-', left: FloatHistogram, right: FloatHistogram, span: Span): HistogramElement {
  const result = operator === '+' ? addHistograms(left, right) : subtractHistograms(left, right);
  const operation = operator === '+' ? 'addition' : 'subtraction';
  if (result === undefined) return { histogram: undefined, holds: false, notice: incompatibleLayout(span, operator) };
  if (result.counterResetCollision)
    return { histogram: undefined, holds: false, notice: counterResetCollision(span, operation) };
  const hint = operator === '-' ? ({ counterReset: 'gauge' } as const) : {};
  const histogram = compactHistogram({ ...result.histogram, ...hint });
  return result.boundsReconciled
    ? { histogram, holds: true, notice: boundsReconciled(span, operation) }
    : { histogram, holds: true };
}

/** Operators that look at histograms only: between floats they come to nothing. */
export function isTrim(operator: BinaryOperator): operator is '</' | '>/' {
  return operator === '</' || operator === '>/';
}

/** Of two histograms, or of one and a number; of two numbers for an operator that looks at histograms only. */
export function histogramElement(
  operator: BinaryOperator,
  left: Operand,
  right: Operand,
  span: Span,
): HistogramElement {
  const both = typeof left !== 'number' && typeof right !== 'number';
  if (both && (operator === '+' || operator === '-')) return merged(operator, left, right, span);
  if (both && (operator === '==' || operator === '!='))
    return { histogram: left, holds: equalHistograms(left, right) === (operator === '==') };
  if (operator === '*' && typeof left === 'number' && typeof right !== 'number')
    return { histogram: compactHistogram(scaleHistogram(right, left)), holds: true };
  if (operator === '*' && typeof left !== 'number' && typeof right === 'number')
    return { histogram: compactHistogram(scaleHistogram(left, right)), holds: true };
  if (operator === '/' && typeof left !== 'number' && typeof right === 'number')
    return { histogram: compactHistogram(divideHistogram(left, right)), holds: true };
  if (isTrim(operator) && typeof left !== 'number' && typeof right === 'number')
    return { histogram: trimHistogram(left, right, operator === '</' ? 'below' : 'above'), holds: true };
  const notice = incompatibleTypes(span, typeOf(left), operator, typeOf(right));
  return { histogram: undefined, holds: false, notice };
}
