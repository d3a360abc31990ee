import type { Expression } from './ast.js';
import { printAggregator, printExpression, printOperator, printSubqueryTimes } from './print-expression.js';

/** A line that is longer is divided. */
const LONGEST_LINE = 100;
const INDENT = '  ';

/** UTF-8 bytes: what Prometheus counts lines in. */
const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

/**
 * An expression over as many lines as it needs, as Prometheus' `format_query` lays it out: what is at most 100 bytes long stays
 * on one line; of anything longer each operand, operator and argument has a line of its own, two spaces further in than what it is
 * part of. Parsed again it is the same. O(depth · length)
 * @param longestLine in bytes of UTF-8, indent not counted
 */
export const formatExpression = (expression: Expression, longestLine = LONGEST_LINE): string =>
  formatAt(expression, 0, longestLine);

function formatAt(expression: Expression, level: number, longest: number): string {
  const indent = INDENT.repeat(level);
  const line = printExpression(expression);
  const fits = bytesOf(line) <= longest;
  switch (expression.kind) {
    case 'subquery':
      // Prometheus does not indent a short one, and what is asked for is its layout.
      return fits ? line : formatAt(expression.expression, level, longest) + printSubqueryTimes(expression);
    case 'unary':
      return indent + expression.operator + formatAt(expression.expression, level, longest).trim();
    case 'number':
    case 'string':
    case 'selector':
    case 'range':
      return indent + line;
  }
  if (fits) return indent + line;
  switch (expression.kind) {
    case 'aggregation': {
      const { parameter } = expression;
      const parts = parameter === undefined ? [expression.expression] : [parameter, expression.expression];
      return within(`${indent}${printAggregator(expression)}(`, parts, level, longest);
    }
    case 'call':
      return within(`${indent}${expression.function}(`, expression.arguments, level, longest);
    case 'parenthesized':
      return within(`${indent}(`, [expression.expression], level, longest);
    case 'binary': {
      const left = formatAt(expression.left, level + 1, longest);
      const right = formatAt(expression.right, level + 1, longest);
      return `${left}\n${indent}${printOperator(expression)}\n${right}`;
    }
  }
}

function within(opening: string, parts: readonly Expression[], level: number, longest: number): string {
  const lines = parts.map((part) => formatAt(part, level + 1, longest)).join(',\n');
  return `${opening}\n${lines}\n${INDENT.repeat(level)})`;
}
