import { QueryLimitError } from '../errors.js';
import type { Expression } from '../syntax/ast.js';
import { MOST_LEVELS } from './limits.js';

/** @throws {QueryLimitError} when an expression is nested so deep that evaluating it could overflow the stack */
export function checkDepth(expression: Expression): void {
  let level: Expression[] = [expression];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > MOST_LEVELS)
      throw new QueryLimitError(
        'depth',
        `The expression is nested more than ${MOST_LEVELS} levels deep (limit "depth"): write it in parts.`,
      );
    level = level.flatMap(partsOf);
  }
}

/** What an expression is made of, in the order in which it is evaluated. */
export function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'number':
    case 'string':
    case 'selector':
      return [];
    case 'range':
      return [expression.selector];
    case 'call':
      return expression.arguments;
    case 'aggregation':
      return expression.parameter === undefined
        ? [expression.expression]
        : [expression.parameter, expression.expression];
    case 'binary':
      return [expression.left, expression.right];
    case 'subquery':
    case 'unary':
    case 'parenthesized':
      return [expression.expression];
  }
}
