import { describe, expect, it } from '@jest/globals';
import { QuerySyntaxError } from '../errors.js';
import { parseQuery } from '../syntax/parse-query.js';
import type { ValueType } from '../syntax/ast.js';
import { EXPERIMENTAL_FUNCTIONS, FUNCTIONS } from './functions.js';
import { nearestName } from './nearest-name.js';
import { valueTypeOf } from './value-type.js';

function refusal(text: string): QuerySyntaxError {
  try {
    parseQuery(text);
  } catch (error) {
    if (error instanceof QuerySyntaxError) return error;
    throw error;
  }
  throw new Error(`It is taken: ${text}`);
}

const EXAMPLES: Readonly<Record<ValueType, string>> = {
  scalar: '1',
  string: '"s"',
  'instant vector': 'v',
  'range vector': 'v[5m]',
};

describe('functions', () => {
  it('are those of Prometheus 3, 73 of them', () => {
    expect(FUNCTIONS.size).toBe(73);
    expect([...EXPERIMENTAL_FUNCTIONS].filter((name) => FUNCTIONS.has(name))).toEqual([]);
  });

  it.each([...FUNCTIONS.values()])('$name takes what its signature says', ({ name, takes, atLeast, atMost, gives }) => {
    const given = takes.map((type) => EXAMPLES[type]);
    expect(valueTypeOf(parseQuery(`${name}(${given.join(', ')})`))).toBe(gives);
    expect(valueTypeOf(parseQuery(`${name}(${given.slice(0, atLeast).join(', ')})`))).toBe(gives);
    if (atLeast > 0) {
      expect(refusal(`${name}(${given.slice(0, atLeast - 1).join(', ')})`).message).toMatch(/^expected .*argument/);
    }
    if (atMost !== Infinity) {
      expect(refusal(`${name}(${[...given, '1'].join(', ')})`).message).toMatch(/^expected .*argument/);
    }
    takes.forEach((type, index) => {
      const wrong = type === 'string' ? '1' : '"s"';
      const text = `${name}(${given.with(index, wrong).join(', ')})`;
      expect(refusal(text).message).toContain(`expected type ${type} in call to function "${name}"`);
    });
  });

  it.each([...EXPERIMENTAL_FUNCTIONS])('%s is refused, since it is experimental', (name) => {
    expect(refusal(`${name}(v)`)).toMatchObject({ message: `function "${name}" is not enabled` });
  });
});

describe('types that do not fit', () => {
  it.each([
    [
      'rate(foo_total)',
      'expected type range vector in call to function "rate", got instant vector',
      'rate needs a range vector: write foo_total[5m].',
    ],
    [
      'rate(foo offset 1m)',
      'expected type range vector in call to function "rate", got instant vector',
      'rate needs a range vector: write foo[5m] offset 1m.',
    ],
    [
      'rate(sum(a))',
      'expected type range vector in call to function "rate", got instant vector',
      'rate needs a range vector: write sum(a)[5m:].',
    ],
    [
      'rate(a + b)',
      'expected type range vector in call to function "rate", got instant vector',
      'rate needs a range vector: write (a + b)[5m:].',
    ],
    [
      'abs(5)',
      'expected type instant vector in call to function "abs", got scalar',
      'abs needs an instant vector: write vector(5).',
    ],
    [
      'sum(foo[5m])',
      'expected type instant vector in aggregation expression, got range vector',
      'Write foo or rate(foo[5m]).',
    ],
    ['sum(1)', 'expected type instant vector in aggregation expression, got scalar', 'Write vector(1).'],
    ['topk(a, b)', 'expected type scalar in aggregation parameter, got instant vector', 'Write scalar(a).'],
    ['count_values(a, b)', 'expected type string in aggregation parameter, got instant vector', 'Write "a".'],
    [
      'vector(a)',
      'expected type scalar in call to function "vector", got instant vector',
      'vector needs a scalar: write scalar(a).',
    ],
    [
      '-"a"',
      'unary expression only allowed on expressions of type scalar or instant vector, got "string"',
      'A string is no series; write the name of a metric.',
    ],
    [
      '-a[5m]',
      'unary expression only allowed on expressions of type scalar or instant vector, got "range vector"',
      'Write a or rate(a[5m]).',
    ],
    ['a[5m] + 1', 'binary expression must contain only scalar and instant vector types', 'Write a or rate(a[5m]).'],
    ['a[5m:][5m:]', 'subquery is only allowed on instant vector, got matrix instead', 'Write max_over_time(a[5m:]).'],
    ['1[5m:]', 'subquery is only allowed on instant vector, got scalar instead', 'Write vector(1).'],
    ['1 == 2', 'comparisons between scalars must use BOOL modifier', 'Write == bool.'],
    ['a + bool b', 'bool modifier can only be used on comparison operators', 'Leave bool out.'],
    ['a </ bool b', 'bool modifier can only be used on comparison operators', 'Leave bool out.'],
    ['a and 1', 'set operator "and" not allowed in binary scalar expression', 'Write vector(1).'],
    [
      '1 or on (b) a',
      'vector matching only allowed between instant vectors',
      'Leave the labels out: a number goes with every series.',
    ],
    ['a and on (b) group_left c', 'no grouping allowed for "and" operation', 'Leave group_left out.'],
    ['topk(a)', 'wrong number of arguments for aggregate expression provided, expected 2, got 1', 'Write topk(5, …).'],
    ['sum()', 'no arguments for aggregate expression provided', 'Write sum(…), of one instant vector.'],
    ['rat(a[5m])', 'unknown function with name "rat"', 'Did you mean rate?'],
    ['Rate(a[5m])', 'unknown function with name "Rate"', 'Did you mean rate?'],
    [
      'round(a, 1, 2)',
      'expected at most 2 argument(s) in call to "round", got 3',
      'It is called as round(instant vector, scalar).',
    ],
  ])('are told of in %s', (text, message, hint) => {
    expect(refusal(text)).toMatchObject({ message, hint });
  });

  it('and a label that is both matched and taken over', () => {
    const message = 'label "b" must not occur in ON and GROUP clause at once';
    expect(refusal('a * on (b) group_left (b) c').message).toBe(message);
    expect(parseQuery('a * ignoring (b) group_left (b) c')).toBeDefined();
  });
});

describe('the nearest name', () => {
  it.each([
    ['incraese', 'increase'],
    ['histogram_quantil', 'histogram_quantile'],
    ['sum_overtime', 'sum_over_time'],
    ['xyzzy', undefined],
    ['', undefined],
    ['a'.repeat(60_000), undefined],
  ])('to %.20s is %s', (name, nearest) => {
    expect(nearestName(name, FUNCTIONS.keys())).toBe(nearest);
  });
});
