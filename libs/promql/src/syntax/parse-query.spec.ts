import { describe, expect, it } from '@jest/globals';
import type { Expression } from './ast.js';
import { withoutSpans } from '../testing/index.js';
import { parseQuery } from './parse-query.js';

/** How a query is put together, each operator in parentheses. */
function structureOf(expression: Expression): string {
  switch (expression.kind) {
    case 'number':
      return String(expression.value);
    case 'selector':
      return `${expression.name}${expression.offsetMs === 0 ? '' : ` offset ${expression.offsetMs}`}`;
    case 'binary':
      return `(${structureOf(expression.left)} ${expression.operator} ${structureOf(expression.right)})`;
    case 'unary':
      return `(${expression.operator}${structureOf(expression.expression)})`;
    case 'parenthesized':
      return `{${structureOf(expression.expression)}}`;
    case 'subquery':
      return `${structureOf(expression.expression)}[${expression.rangeMs}:]`;
    case 'range':
      return `${structureOf(expression.selector)}[${expression.rangeMs}]`;
    case 'call':
      return `${expression.function}(${expression.arguments.map(structureOf).join(', ')})`;
    default:
      return expression.kind;
  }
}

const plain = (text: string): unknown => withoutSpans(parseQuery(text));
const selector = (name: string, parts: object = {}): object => ({
  kind: 'selector',
  name,
  matchers: [{ name: '__name__', operator: '=', value: name }],
  offsetMs: '0',
  ...parts,
});

describe('operators', () => {
  it.each([
    ['a + b * c', '(a + (b * c))'],
    ['a * b + c', '((a * b) + c)'],
    ['a - b - c', '((a - b) - c)'],
    ['a / b % c atan2 d', '(((a / b) % c) atan2 d)'],
    ['a ^ b ^ c', '(a ^ (b ^ c))'],
    ['a ^ b * c', '((a ^ b) * c)'],
    ['a + b > c + d', '((a + b) > (c + d))'],
    ['a == b != c', '((a == b) != c)'],
    ['a </ b + c', '(a </ (b + c))'],
    ['a or b and c unless d', '(a or ((b and c) unless d))'],
    ['a == b and c', '((a == b) and c)'],
    ['(a + b) * c', '({(a + b)} * c)'],
    ['a AND b OR c', '((a and b) or c)'],
    ['a Atan2 b', '(a atan2 b)'],
  ])('bind in %s as in Prometheus', (text, structure) => {
    expect(structureOf(parseQuery(text))).toBe(structure);
  });

  it.each([
    ['-1 ^ 2', '(-(1 ^ 2))'],
    ['-a ^ b', '(-(a ^ b))'],
    ['a ^ -b', '(a ^ (-b))'],
    ['a ^ -b ^ c', '(a ^ (-(b ^ c)))'],
    ['a ^ -b * c', '((a ^ (-b)) * c)'],
    ['-a * b', '((-a) * b)'],
    ['a * -b + c', '((a * (-b)) + c)'],
    ['a - -1', '(a - -1)'],
    ['a -1', '(a - 1)'],
    ['- -1', '1'],
    ['+-+a', '(+(-(+a)))'],
    ['-(1)', '(-{1})'],
    ['2 ^ -1', '(2 ^ -1)'],
  ])('and signs bind in %s as in Prometheus', (text, structure) => {
    expect(structureOf(parseQuery(text))).toBe(structure);
  });

  it.each([
    ['a + b offset 5m', '(a + b offset 300000)'],
    ['a + b offset 5m * c', '(a + (b offset 300000 * c))'],
    ['-a offset 5m', '(-a offset 300000)'],
    ['max_over_time(a[5m]) ^ max_over_time(b[5m:])', '(max_over_time(a[300000]) ^ max_over_time(b[300000:]))'],
    ['rate(a[5m] offset 1m) / b @ 5', '(rate(a offset 60000[300000]) / b)'],
  ])('bind more weakly in %s than what stands behind an operand', (text, structure) => {
    expect(structureOf(parseQuery(text))).toBe(structure);
  });
});

describe('literals', () => {
  it.each([
    ['1', 1],
    ['+1', 1],
    ['-1', -1],
    ['.5', 0.5],
    ['5.', 5],
    ['1e3', 1000],
    ['1E-2', 0.01],
    ['1_000.5', 1000.5],
    ['0x1F', 31],
    ['0XfF', 255],
    ['0x_1', 1],
    ['017', 15],
    ['08', 8],
    ['inf', Infinity],
    ['-INF', -Infinity],
    ['NaN', NaN],
    ['nan', NaN],
    ['9223372036854775808', 2 ** 63],
  ])('read %s as a number', (text, value) => {
    expect(parseQuery(text)).toMatchObject({ kind: 'number', value, isDuration: false });
  });

  it.each([
    ['5m', 300],
    ['1h30m', 5400],
    ['1w', 604_800],
    ['1y', 31_536_000],
    ['1d1ms', 86_400.001],
    ['-30s', -30],
    ['0s', 0],
  ])('read %s as a number of seconds', (text, value) => {
    expect(parseQuery(text)).toMatchObject({ kind: 'number', value, isDuration: true });
  });

  it.each([
    [`"a"`, 'a'],
    [`'a"b'`, 'a"b'],
    ['`a\\n`', 'a\\n'],
    ['`a\nb`', 'a\nb'],
    [String.raw`"\a\b\f\n\r\t\v\\\""`, '\u0007\b\f\n\r\t\v\\"'],
    [String.raw`'\''`, "'"],
    [String.raw`"\x41\101\u00e9\U0001F600"`, 'AAé😀'],
    [String.raw`"\xe2\x82\xac \303\251"`, '€ é'],
    [String.raw`"\xff"`, '\udcff'],
    [String.raw`"\xe2\x82z\xe2\x82\xac"`, '\udce2\udc82z€'],
    [String.raw`"\xef\xbb\xbfa"`, '\ufeffa'],
    ['"日本 😀"', '日本 😀'],
    ['""', ''],
  ])('read %s as a text', (text, value) => {
    expect(parseQuery(text)).toMatchObject({ kind: 'string', value });
  });

  it('may have comments and white space anywhere', () => {
    expect(plain('# first\n sum # second\r by(a)\t(\n# third\n b{c="d" # fourth\n})# end')).toEqual(
      plain('sum by (a) (b{c="d"})'),
    );
    expect(plain('a[5m # five\n]')).toEqual(plain('a[5m]'));
    expect(plain('a{b="#c"}')).toMatchObject({ matchers: [{ value: '#c' }, {}] });
  });
});

describe('selectors', () => {
  it('have the conditions in order and the name behind them', () => {
    expect(plain(`a:b{c="1",d!='2', e=~"3|4",f!~\`5\`,}`)).toEqual({
      kind: 'selector',
      name: 'a:b',
      matchers: [
        { name: 'c', operator: '=', value: '1' },
        { name: 'd', operator: '!=', value: '2' },
        { name: 'e', operator: '=~', value: '3|4' },
        { name: 'f', operator: '!~', value: '5' },
        { name: '__name__', operator: '=', value: 'a:b' },
      ],
      offsetMs: '0',
    });
  });

  it('take any names in quotes', () => {
    expect(plain('{"my metric", "l.b"="x", "é"!="y"}')).toMatchObject({
      name: '',
      matchers: [
        { name: '__name__', operator: '=', value: 'my metric' },
        { name: 'l.b', operator: '=', value: 'x' },
        { name: 'é', operator: '!=', value: 'y' },
      ],
    });
  });

  it.each([
    'sum',
    'by',
    'offset',
    'and',
    'or',
    'unless',
    'start',
    'end',
    'step',
    'range',
    'min_of',
    'fill',
    'fill_left',
  ])('and %s may be the name of a metric', (name) => {
    expect(plain(name)).toEqual(selector(name));
    expect(plain(`${name} + ${name}{}`)).toMatchObject({ left: selector(name), right: selector(name) });
    expect(plain(`sum by (x) (${name})`)).toMatchObject({ expression: selector(name) });
    expect(plain(`b * on (c) group_left ${name}`)).toMatchObject({ right: selector(name) });
  });

  it('tell the name of a metric from a keyword by its place', () => {
    expect(plain('offset offset 5m')).toEqual(selector('offset', { offsetMs: '300000' }));
    expect(plain('and and and')).toMatchObject({ operator: 'and', left: selector('and'), right: selector('and') });
    expect(plain('sum(sum) by (sum)')).toMatchObject({ aggregation: 'sum', grouping: ['sum'] });
    expect(plain('rate / rate')).toMatchObject({ left: selector('rate') });
  });

  it.each(['on', 'bool', 'by', 'ignoring', 'inf', 'offset', 'sum', 'group_left'])('take %s as a label', (label) => {
    expect(plain(`a{${label}="x"}`)).toMatchObject({ matchers: [{ name: label }, {}] });
  });

  it.each([
    ['a offset 5m', { offsetMs: '300000' }],
    ['a offset -5m', { offsetMs: '-300000' }],
    ['a offset +1.5', { offsetMs: '1500' }],
    ['a OFFSET 1h30m', { offsetMs: '5400000' }],
    ['a offset 0s', {}],
    ['a offset 0s offset 1s', { offsetMs: '1000' }],
    ['a @ 1609746000', { at: '1609746000000' }],
    ['a @ -0.0015', { at: '-2' }],
    ['a @ 5m', { at: '300000' }],
    ['a @ start()', { at: 'start' }],
    ['a @ End ( )', { at: 'end' }],
    ['a offset 1m @ 10', { offsetMs: '60000', at: '10000' }],
    ['a @ 10 offset 1m', { offsetMs: '60000', at: '10000' }],
  ])('%s look elsewhere in time', (text, parts) => {
    expect(plain(text)).toEqual(selector('a', parts));
  });

  it.each([
    ['a[5m]', 300_000],
    ['a[ 300 ]', 300_000],
    ['a[+1e1]', 10_000],
    ['a[--1ms]', 1],
    ['a[0x10]', 16_000],
    ['a[.0015]', 1],
  ])('%s have a range', (text, rangeMs) => {
    expect(parseQuery(text)).toMatchObject({ kind: 'range', rangeMs });
  });

  it('have the shift of a range, wherever it stands', () => {
    expect(plain('a[5m] @ end() offset -1m')).toEqual({
      kind: 'range',
      rangeMs: '300000',
      selector: selector('a', { at: 'end', offsetMs: '-60000' }),
    });
  });

  it.each([
    ['a[1h:5m]', { rangeMs: '3600000', stepMs: '300000' }],
    ['a[1h:]', { rangeMs: '3600000' }],
    ['a[60 : 10] offset 1m @ 7', { rangeMs: '60000', stepMs: '10000', offsetMs: '60000', at: '7000' }],
  ])('%s are of a subquery', (text, parts) => {
    expect(plain(text)).toEqual({ kind: 'subquery', expression: selector('a'), offsetMs: '0', ...parts });
  });
});

describe('aggregations', () => {
  it.each([
    ['sum(a)', [], false],
    ['SUM(a)', [], false],
    ['sum by () (a)', [], false],
    ['sum without () (a)', [], true],
    ['sum by (b, "c d",) (a)', ['b', 'c d'], false],
    ['sum(a) by (b)', ['b'], false],
    ['sum(a) WITHOUT (b)', ['b'], true],
    ['sum by (by, on, and, offset, le:gal) (a)', ['by', 'on', 'and', 'offset', 'le:gal'], false],
  ])('group in %s', (text, grouping, without) => {
    expect(plain(text)).toMatchObject({ aggregation: 'sum', grouping, without, expression: selector('a') });
  });

  it.each(['topk(5, a)', 'bottomk(5, a)', 'quantile(0.5, a)'])('take a number in %s', (text) => {
    expect(parseQuery(text)).toMatchObject({ kind: 'aggregation', parameter: { kind: 'number' } });
  });

  it('take a label in count_values', () => {
    expect(plain('count_values by (b) ("version", a)')).toMatchObject({
      parameter: { kind: 'string', value: 'version' },
      grouping: ['b'],
    });
  });
});

describe('matching', () => {
  const none = { cardinality: 'one-to-one', labels: [], on: false, include: [] };
  it.each([
    ['a + b', none],
    ['a + on () b', { ...none, on: true }],
    ['a + on (c, "d e") b', { ...none, on: true, labels: ['c', 'd e'] }],
    ['a + ignoring (c) b', { ...none, labels: ['c'] }],
    ['a * on (c) group_left b', { ...none, on: true, labels: ['c'], cardinality: 'many-to-one' }],
    ['a * on (c) group_left () b', { ...none, on: true, labels: ['c'], cardinality: 'many-to-one' }],
    [
      'a * ignoring (c) GROUP_RIGHT (c, d) b',
      { cardinality: 'one-to-many', labels: ['c'], on: false, include: ['c', 'd'] },
    ],
    ['a and on (c) b', { ...none, cardinality: 'many-to-many', on: true, labels: ['c'] }],
    ['a or b', { ...none, cardinality: 'many-to-many' }],
  ])('is in %s what it says', (text, matching) => {
    expect(plain(text)).toMatchObject({ kind: 'binary', bool: false, matching });
  });

  it('is only between vectors, and bool only where it is written', () => {
    expect(plain('a > bool 1')).toEqual({
      kind: 'binary',
      operator: '>',
      bool: true,
      left: selector('a'),
      right: { kind: 'number', value: '1', isDuration: false },
    });
    expect(plain('a >= bool on (b) c')).toMatchObject({ bool: true, matching: { labels: ['b'] } });
    expect(plain('1 + on () 2')).not.toHaveProperty('matching');
  });
});
