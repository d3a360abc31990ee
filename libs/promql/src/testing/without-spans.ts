import type { Expression } from '../syntax/ast.js';

/** An expression as plain data that does not say where in a text it stands, to compare it with another one. */
export function withoutSpans(expression: Expression): unknown {
  return JSON.parse(
    JSON.stringify(expression, (key, value: unknown) => {
      if (key === 'span') return undefined;
      if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
      return value;
    }),
  );
}
