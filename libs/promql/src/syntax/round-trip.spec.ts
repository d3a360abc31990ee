import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { valueTypeOf } from '../check/value-type.js';
import { QuerySyntaxError } from '../errors.js';
import { arbitraryExpression, withoutSpans } from '../testing/index.js';
import type { Expression } from './ast.js';
import { formatExpression } from './format-expression.js';
import { parseQuery } from './parse-query.js';
import { printExpression } from './print-expression.js';
import { renderSyntaxError } from './render-syntax-error.js';

const RUNS = 1000;

describe('any expression', () => {
  it('is the same when it is printed and parsed', () => {
    fc.assert(
      fc.property(arbitraryExpression(), (expression) => {
        const parsed = parseQuery(printExpression(expression));
        expect(withoutSpans(parsed)).toEqual(withoutSpans(expression));
        expect(valueTypeOf(parsed)).toBe(valueTypeOf(expression));
      }),
      { numRuns: RUNS },
    );
  });

  it('is the same when it is laid out over lines of any length and parsed', () => {
    fc.assert(
      fc.property(arbitraryExpression(), fc.integer({ min: 0, max: 100 }), (expression, longest) => {
        expect(withoutSpans(parseQuery(formatExpression(expression, longest)))).toEqual(withoutSpans(expression));
      }),
      { numRuns: RUNS },
    );
  });

  it('has each part where its span says', () => {
    fc.assert(
      fc.property(arbitraryExpression({ depth: 3 }), (expression) => {
        const text = ` ${printExpression(expression)} # end`;
        const pending = [parseQuery(text)];
        for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
          const own = text.slice(part.span.from, part.span.to);
          expect(withoutSpans(parseQuery(own))).toEqual(withoutSpans(part));
          pending.push(...partsOf(part));
        }
      }),
    );
  });
});

function partsOf(expression: Expression): Expression[] {
  switch (expression.kind) {
    case 'call':
      return [...expression.arguments];
    case 'binary':
      return [expression.left, expression.right];
    case 'aggregation':
      return [expression.expression, ...(expression.parameter === undefined ? [] : [expression.parameter])];
    case 'subquery':
    case 'unary':
    case 'parenthesized':
      return [expression.expression];
    default:
      return [];
  }
}

describe('a text that was changed at random', () => {
  const PIECES = [
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    '"',
    "'",
    '`',
    '\\',
    ',',
    ':',
    '@',
    '-',
    '+',
    '^',
    '!',
    '=',
    '~',
    '#',
    '\n',
    '5m',
    '1e',
  ];
  const WORDS = [
    ' by ',
    ' on ',
    ' bool ',
    ' offset ',
    ' and ',
    ' inf',
    'sum',
    'rate(',
    '[5m]',
    '[1h:]',
    '\u{1f600}',
    '\u0000',
    '\ud800',
  ];
  const change = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    leaveOut: fc.integer({ min: 0, max: 4 }),
    add: fc.constantFrom('', ...PIECES, ...WORDS),
  });
  const changed = (text: string, changes: readonly { at: number; leaveOut: number; add: string }[]): string =>
    changes.reduce((current, { at, leaveOut, add }) => {
      const from = Math.floor(at * current.length);
      return current.slice(0, from) + add + current.slice(from + leaveOut);
    }, text);

  it('is an expression, or a QuerySyntaxError within the text', () => {
    const expressions = arbitraryExpression({ depth: 3 });
    let refused = 0;
    fc.assert(
      fc.property(expressions, fc.array(change, { minLength: 1, maxLength: 4 }), (expression, changes) => {
        const text = changed(printExpression(expression), changes);
        try {
          printExpression(parseQuery(text));
        } catch (error) {
          if (!(error instanceof QuerySyntaxError)) throw error;
          refused += 1;
          expect(error.span.from).toBeLessThanOrEqual(error.span.to);
          expect(error.span.to).toBeLessThanOrEqual(text.length);
          expect(renderSyntaxError(error, text)).toContain('parse error: ');
        }
      }),
      { numRuns: 10_000 },
    );
    expect(refused).toBeGreaterThan(1000);
  });
});
