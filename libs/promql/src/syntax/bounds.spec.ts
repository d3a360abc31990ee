import { describe, expect, it } from '@jest/globals';
import { QuerySyntaxError } from '../errors.js';
import { DEEPEST } from './nesting.js';
import { LONGEST_QUERY, parseQuery } from './parse-query.js';
import { printExpression } from './print-expression.js';
import { HEAVIEST_REGEXES, weighRegex } from './regex-weight.js';

const DEEP = 'expression is nested too deeply';

describe('how deep a query nests', () => {
  it.each([
    ['parentheses', '('.repeat(10_000) + 'a' + ')'.repeat(10_000)],
    ['functions', 'abs('.repeat(5000) + 'a' + ')'.repeat(5000)],
    ['signs', `${'-'.repeat(60_000)}a`],
    ['operators', `a${' + a'.repeat(10_000)}`],
    ['powers', `a${'^a'.repeat(30_000)}`],
    ['modifiers', `a${' offset 0s'.repeat(5000)}`],
    ['subqueries', `a${'[1m:1m]'.repeat(5000)}`],
    ['rows within each other', `${'('.repeat(200)}a${'+a+a)'.repeat(200)}`],
  ])('is bounded: %s', (_, text) => {
    expect(() => parseQuery(text)).toThrow(DEEP);
  });

  it('is refused where it is open, too, before anything is built', () => {
    expect(() => parseQuery('('.repeat(10_000))).toThrow(QuerySyntaxError);
    expect(() => parseQuery('sum by (a) ('.repeat(5000))).toThrow(QuerySyntaxError);
  });

  it.each([
    ['parentheses', '('.repeat(DEEPEST - 1) + 'a' + ')'.repeat(DEEPEST - 1)],
    ['functions', 'abs('.repeat(DEEPEST - 1) + 'a' + ')'.repeat(DEEPEST - 1)],
    ['operators of short operands', `a${' or a'.repeat(DEEPEST)}`],
    [
      'operators of long operands',
      `a${` * on (bbbbbbbb) group_left (cccc) a{d="${'e'.repeat(100)}"}`.repeat(DEEPEST - 1)}`,
    ],
    ['operands with modifiers', `a${' or aaaaaaaaaaaaaaaaaaaaaaaaaaaa offset 1m @ 1'.repeat(80)}`],
    ['powers', `a${' ^ on (bbbbbbbb) aaaaaaaaaaa'.repeat(DEEPEST - 1)}`],
    ['many arguments', `label_join(a, "b", ","${', "c"'.repeat(10_000)})`],
  ])('may be up to the bound: %s', (_, text) => {
    expect(parseQuery(printExpression(parseQuery(text)))).toBeDefined();
  });
});

describe('how long a query is', () => {
  it('is bounded', () => {
    expect(parseQuery(`a${' '.repeat(LONGEST_QUERY - 1)}`)).toMatchObject({ name: 'a' });
    expect(() => parseQuery(`a${' '.repeat(LONGEST_QUERY)}`)).toThrow('query is too long');
  });
});

describe('regular expressions', () => {
  it.each([
    ['abc', 3],
    ['(ab){50}', 3 * 50],
    ['a{2,10}', 10],
    ['a{7,}', 7],
    ['((ab){10}){10}', 310],
    ['[a-z]{3}', 15],
    [String.raw`\pL`, 1003],
    [String.raw`[\pL\pN]`, 2008],
    ['a{b', 3],
    ['(', 0],
  ])('%s weigh %d', (pattern, weight) => {
    expect(weighRegex(pattern)).toBe(weight);
  });

  it('are refused before they are compiled where they weigh too much together', () => {
    const message = 'regular expressions of the query are too large';
    expect(() => parseQuery(`{${'a=~"x{900}",'.repeat(5000)}}`)).toThrow(message);
    expect(() => parseQuery(String.raw`{a=~"${String.raw`(?i)\\pL`.repeat(1000)}"}`)).toThrow(message);
    expect(() => parseQuery('{a=~"((b{1000}){1000}){1000}"}')).toThrow(message);
  });

  it('are taken as any text without repetitions', () => {
    const names = Array.from({ length: 5000 }, (_, index) => `host-${index}`).join('|');
    expect(names.length).toBeLessThan(HEAVIEST_REGEXES);
    expect(parseQuery(`up{instance=~"${names}"}`)).toMatchObject({ name: 'up' });
  });
});
