import type { Expression } from '../syntax/ast.js';
import { bare } from './bare.js';

/** What these come to depends on when they are evaluated, whatever their arguments are. */
const TIME_BOUND = new Set([
  'days_in_month',
  'day_of_month',
  'day_of_week',
  'day_of_year',
  'hour',
  'minute',
  'month',
  'year',
  'predict_linear',
  'time',
  'timestamp',
]);

function isInvariantCall(name: string, args: readonly Expression[], known: Map<Expression, boolean>): boolean {
  let all = true;
  for (const argument of args) all = note(argument, known) && all;
  if (!TIME_BOUND.has(name)) return all;
  const [only] = args;
  return name === 'timestamp' && only !== undefined && bare(only).kind === 'selector' && all;
}

function isInvariant(expression: Expression, known: Map<Expression, boolean>): boolean {
  switch (expression.kind) {
    case 'number':
    case 'string':
      return true;
    case 'selector':
      return expression.at !== undefined;
    case 'range':
      return note(expression.selector, known);
    case 'subquery':
      note(expression.expression, known);
      return expression.at !== undefined;
    case 'call':
      return isInvariantCall(expression.function, expression.arguments, known);
    case 'aggregation': {
      if (expression.parameter !== undefined) note(expression.parameter, known);
      return note(expression.expression, known);
    }
    case 'binary': {
      const left = note(expression.left, known);
      return note(expression.right, known) && left;
    }
    case 'unary':
    case 'parenthesized':
      return note(expression.expression, known);
  }
}

function note(expression: Expression, known: Map<Expression, boolean>): boolean {
  const invariant = isInvariant(expression, known);
  known.set(expression, invariant);
  return invariant;
}

/**
 * The parts of an expression that come to the same at every step, as all that they select is pinned by `@`: they are
 * evaluated once. O(n) @param expression of bounded depth
 */
export function invariantParts(expression: Expression): ReadonlySet<Expression> {
  const known = new Map<Expression, boolean>();
  note(expression, known);
  return new Set([...known].filter(([, invariant]) => invariant).map(([part]) => part));
}
