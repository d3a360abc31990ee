import type { Expression } from '../syntax/ast.js';

/** Without the parentheses around it. */
export function bare(expression: Expression): Exclude<Expression, { kind: 'parenthesized' }> {
  let inner = expression;
  while (inner.kind === 'parenthesized') inner = inner.expression;
  return inner;
}
