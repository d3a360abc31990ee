import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readDuration, writeDuration } from './duration-text.js';
import { formatExpression } from './format-expression.js';
import { readNumber, writeNumber } from './number-text.js';
import { parseQuery } from './parse-query.js';
import { printExpression } from './print-expression.js';
import { quote, unquote } from './quoted-text.js';

describe('an expression on one line', () => {
  it.each([
    ['a{c="2",b="1"}', 'a{b="1",c="2"}'],
    ["a{ b = 'x' , }", 'a{b="x"}'],
    ['{"my metric","l.b"="x"}', '{"l.b"="x",__name__="my metric"}'],
    ['a{}', 'a'],
    ['a offset 90m @ 1.5', 'a @ 1.500 offset 1h30m'],
    ['a[300] offset -1m', 'a[5m] offset -1m'],
    ['a[1h:] @ end()', 'a[1h:] @ end()'],
    ['sum(a)by(b,"c d")', 'sum by (b, "c d") (a)'],
    ['sum by () (a)', 'sum(a)'],
    ['sum(a) without()', 'sum without () (a)'],
    ['sum by ("inf") (a)', 'sum by ("inf") (a)'],
    ['TOPK(5,a)', 'topk(5, a)'],
    ['a+on()b', 'a + on () b'],
    ['a+ignoring()b', 'a + b'],
    ['a*ignoring(c)group_left b', 'a * ignoring (c) group_left () b'],
    ['a>bool 1', 'a > bool 1'],
    ['-  a', '-a'],
    ['1e6', '1000000'],
    ['90s', '1m30s'],
    ['Inf ^ 2', 'Inf ^ 2'],
    ['inf', '+Inf'],
    [String.raw`"\x00\t\U0001F600é"`, String.raw`"\x00\t😀é"`],
  ])('%s is printed as %s', (text, printed) => {
    expect(printExpression(parseQuery(text))).toBe(printed);
  });
});

describe('an expression over lines', () => {
  it('stays on one where it fits', () => {
    expect(formatExpression(parseQuery('sum(rate(a[5m]))by(b)'))).toBe('sum by (b) (rate(a[5m]))');
  });

  it('has a line for each part where it is too long', () => {
    const text = 'sum by (job) (rate(a{b="c"}[5m])) / on (job) group_left () topk(5, -(d + e)) > bool 10';
    expect(formatExpression(parseQuery(text), 20)).toBe(
      [
        '    sum by (job) (',
        '      rate(a{b="c"}[5m])',
        '    )',
        '  / on (job) group_left ()',
        '    topk(5, -(d + e))',
        '> bool',
        '  10',
      ].join('\n'),
    );
  });

  it('has the times of a subquery behind its last line', () => {
    expect(formatExpression(parseQuery('(aaaaaaaaaa + bbbbbbbbbb)[1h:1m] offset 5m'), 20)).toBe(
      ['(', '    aaaaaaaaaa', '  +', '    bbbbbbbbbb', ')[1h:1m] offset 5m'].join('\n'),
    );
  });
});

describe('literals', () => {
  it('any number reads as what was written', () => {
    fc.assert(
      fc.property(fc.double(), (value) => {
        const written = writeNumber(value);
        const read = readNumber(written.replace(/^[+-]/, ''));
        expect(written.startsWith('-') ? -(read ?? NaN) : read).toBe(value);
      }),
    );
  });

  it.each([
    [0, '0'],
    [-0, '-0'],
    [1e21, '1000000000000000000000'],
    [1.5e-7, '0.00000015'],
    [123.25, '123.25'],
    [-Infinity, '-Inf'],
  ])('%s is written without exponent', (value, written) => {
    expect(writeNumber(value)).toBe(written);
  });

  it('any duration reads as what was written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9e12 }), (ms) => {
        expect(readDuration(writeDuration(ms))).toBe(ms);
      }),
    );
  });

  it.each([
    [0, '0s'],
    [90 * 86_400_000, '90d'],
    [14 * 86_400_000, '2w'],
    [365 * 86_400_000, '1y'],
    [3_661_001, '1h1m1s1ms'],
    [-1500, '-1s500ms'],
  ])('%s ms are written %s', (ms, written) => {
    expect(writeDuration(ms)).toBe(written);
  });

  it('any text reads as what was quoted', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const wellFormed = text.toWellFormed();
        expect(unquote(quote(wellFormed))).toBe(wellFormed);
      }),
    );
  });
});
