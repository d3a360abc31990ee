import type {
  Aggregation,
  BinaryExpression,
  Expression,
  Parenthesized,
  Span,
  Subquery,
  UnaryExpression,
} from '../syntax/ast.js';
import { BINDING } from '../syntax/binding.js';

/** Expressions that were never a text are nowhere in one. */
export const NOWHERE: Span = { from: 0, to: 0 };

const parenthesize = (expression: Expression): Parenthesized => ({ kind: 'parenthesized', expression, span: NOWHERE });

const isNegative = (expression: Expression): boolean =>
  expression.kind === 'number' && (expression.value < 0 || Object.is(expression.value, -0));

/** In parentheses where another operand of the operator would be read otherwise. */
function sideOf(operator: BinaryExpression['operator'], side: Expression, isLeft: boolean): Expression {
  const fromRight = operator === '^';
  const least = BINDING[operator] + (fromRight === isLeft ? 1 : 0);
  if (side.kind === 'binary' && BINDING[side.operator] < least) return parenthesize(side);
  const signed = side.kind === 'unary' || isNegative(side);
  return signed && isLeft && fromRight ? parenthesize(side) : side;
}

/** An operator with its sides, in parentheses where they need them. */
export function binary(parts: Omit<BinaryExpression, 'kind' | 'span'>): BinaryExpression {
  const { operator } = parts;
  const left = sideOf(operator, parts.left, true);
  const right = sideOf(operator, parts.right, false);
  return { kind: 'binary', ...parts, left, right, span: NOWHERE };
}

/** A sign in front of anything but a number, which it would become part of. */
export function unary(operator: '+' | '-', operand: Expression): UnaryExpression {
  const loose = operand.kind === 'binary' && BINDING[operand.operator] <= BINDING['*'];
  const expression = loose || operand.kind === 'number' ? parenthesize(operand) : operand;
  return { kind: 'unary', operator, expression, span: NOWHERE };
}

/** A subquery of an instant vector. */
export function subquery(inner: Expression, times: Omit<Subquery, 'kind' | 'span' | 'expression'>): Subquery {
  const expression = inner.kind === 'binary' || inner.kind === 'unary' ? parenthesize(inner) : inner;
  return { kind: 'subquery', expression, ...times, span: NOWHERE };
}

export const aggregate = (parts: Omit<Aggregation, 'kind' | 'span'>): Aggregation => ({
  kind: 'aggregation',
  ...parts,
  span: NOWHERE,
});
