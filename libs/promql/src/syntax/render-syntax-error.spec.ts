import { describe, expect, it } from '@jest/globals';
import { QuerySyntaxError } from '../errors.js';
import { parseQuery } from './parse-query.js';
import { describeSyntaxError, placeOf, renderSyntaxError } from './render-syntax-error.js';

function errorOf(text: string): QuerySyntaxError {
  try {
    parseQuery(text);
  } catch (error) {
    if (error instanceof QuerySyntaxError) return error;
  }
  throw new Error(`It is taken: ${text}`);
}

describe('a syntax error', () => {
  it('shows the line, what of it is wrong, and what to write', () => {
    const text = 'sum(\n\trate(foo_total)\n)';
    expect(renderSyntaxError(errorOf(text), text)).toBe(
      [
        '2:7: parse error: expected type range vector in call to function "rate", got instant vector',
        '   rate(foo_total)',
        '        ^^^^^^^^^',
        'Hint: rate needs a range vector: write foo_total[5m].',
      ].join('\n'),
    );
  });

  it('is at the end where something is missing', () => {
    expect(describeSyntaxError(errorOf('a +'), 'a +')).toBe('1:4: parse error: unexpected end of input');
    expect(renderSyntaxError(errorOf('a +'), 'a +').split('\n')[2]).toBe('     ^');
  });

  it('shows of a long line the part around', () => {
    const text = `${'a + '.repeat(100)} $ ${'+ a'.repeat(100)}`;
    const [, line = '', carets = ''] = renderSyntaxError(errorOf(text), text).split('\n');
    expect(line.length).toBeLessThan(130);
    expect(line[carets.indexOf('^')]).toBe('$');
  });

  it('has lines and columns from 1', () => {
    expect([0, 1, 2, 3].map((at) => placeOf('a\nb', at))).toEqual([
      { line: 1, column: 1 },
      { line: 1, column: 2 },
      { line: 2, column: 1 },
      { line: 2, column: 2 },
    ]);
  });
});
