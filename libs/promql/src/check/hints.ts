import type { Expression, ValueType } from '../syntax/ast.js';
import { printExpression } from '../syntax/print-expression.js';
import { valueTypeOf } from './value-type.js';

const LONGEST_SHOWN = 60;

/** The expression as text where it is short enough to be shown. */
function shown(expression: Expression): string {
  const text = printExpression(expression);
  return text.length > LONGEST_SHOWN ? '…' : text;
}

/**
 * What to write instead of an expression, to have it of another type.
 * @param name of the function that wants it, so that the hint says so
 */
export function hintToGet(wanted: ValueType, expression: Expression, name?: string): string | undefined {
  const type = valueTypeOf(expression);
  const text = shown(expression);
  const needs = name === undefined ? '' : `${name} needs ${wanted === 'instant vector' ? 'an' : 'a'} ${wanted}: `;
  const write = (replacement: string): string => `${needs}${needs === '' ? 'Write' : 'write'} ${replacement}.`;
  if (wanted === 'range vector') {
    if (type !== 'instant vector') return needs === '' ? undefined : `${needs}write foo_total[5m].`;
    if (expression.kind === 'selector') return write(rangeOf(expression));
    return write(`${expression.kind === 'binary' || expression.kind === 'unary' ? `(${text})` : text}[5m:]`);
  }
  if (wanted === 'instant vector') {
    if (type === 'scalar') return write(`vector(${text})`);
    if (type === 'string')
      return `${needs}${needs === '' ? 'A' : 'a'} string is no series; write the name of a metric.`;
    if (expression.kind === 'range') return write(`${printExpression(expression.selector)} or rate(${text})`);
    return write(`max_over_time(${text})`);
  }
  if (wanted === 'scalar') return type === 'instant vector' ? write(`scalar(${text})`) : write('a number');
  return write(
    type === 'scalar' || expression.kind === 'selector' ? `"${text.replaceAll('"', "'")}"` : 'a text in quotes',
  );
}

function rangeOf(selector: Extract<Expression, { kind: 'selector' }>): string {
  const range: Expression = { kind: 'range', selector, rangeMs: 300_000, span: selector.span };
  return shown(range);
}
