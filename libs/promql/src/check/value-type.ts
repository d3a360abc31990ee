import type { Expression, ValueType } from '../syntax/ast.js';
import { FUNCTIONS } from './functions.js';

/** What an expression evaluates to. O(operators in a row) */
export function valueTypeOf(expression: Expression): ValueType {
  switch (expression.kind) {
    case 'number':
      return 'scalar';
    case 'string':
      return 'string';
    case 'selector':
    case 'aggregation':
      return 'instant vector';
    case 'range':
    case 'subquery':
      return 'range vector';
    case 'call':
      return FUNCTIONS.get(expression.function)?.gives ?? 'instant vector';
    case 'unary':
    case 'parenthesized':
      return valueTypeOf(expression.expression);
    case 'binary': {
      const scalar = valueTypeOf(expression.left) === 'scalar' && valueTypeOf(expression.right) === 'scalar';
      return scalar ? 'scalar' : 'instant vector';
    }
  }
}
