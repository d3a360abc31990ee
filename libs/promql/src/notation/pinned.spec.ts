import { describe, expect, it } from '@jest/globals';
import type { Expression, Subquery, VectorSelector } from '../syntax/ast.js';
import { pinnedTo } from './pinned.js';

const span = { from: 0, to: 1 };
const X: VectorSelector = { kind: 'selector', span, name: 'x', matchers: [], offsetMs: 0 };
const PINNED: VectorSelector = { ...X, at: 5_000 };
const subquery = (expression: Expression): Subquery => ({
  kind: 'subquery',
  span,
  expression,
  rangeMs: 60_000,
  offsetMs: 0,
});
const call = (name: string, ...args: readonly Expression[]): Expression => ({
  kind: 'call',
  span,
  function: name,
  arguments: args,
});

describe('pinnedTo', () => {
  it.each<readonly [string, Expression, Expression]>([
    ['a selector', X, PINNED],
    ['a selector at the start or end', { ...X, at: 'start' }, PINNED],
    ['no selector that has a time', { ...X, at: 1 }, { ...X, at: 1 }],
    [
      'a range',
      { kind: 'range', span, selector: X, rangeMs: 1 },
      { kind: 'range', span, selector: PINNED, rangeMs: 1 },
    ],
    ['a subquery, and nothing in it', subquery(call('time')), { ...subquery(call('time')), at: 5_000 }],
    ['arguments', call('abs', X), call('abs', PINNED)],
    [
      'what is in parentheses',
      { kind: 'parenthesized', span, expression: X },
      { kind: 'parenthesized', span, expression: PINNED },
    ],
    [
      'what is negated',
      { kind: 'unary', span, operator: '-', expression: X },
      { kind: 'unary', span, operator: '-', expression: PINNED },
    ],
    [
      'both sides',
      { kind: 'binary', span, operator: '+', left: X, right: X, bool: false },
      { kind: 'binary', span, operator: '+', left: PINNED, right: PINNED, bool: false },
    ],
    [
      'what is aggregated, and the parameter',
      { kind: 'aggregation', span, aggregation: 'topk', expression: X, parameter: X, grouping: [], without: false },
      {
        kind: 'aggregation',
        span,
        aggregation: 'topk',
        expression: PINNED,
        parameter: PINNED,
        grouping: [],
        without: false,
      },
    ],
  ])('fixes %s', (_, expression, expected) => {
    expect(pinnedTo(expression, 5_000)).toEqual(expected);
  });

  it.each(['time', 'timestamp', 'hour', 'predict_linear'])('does not with %s, which tells the time', (name) => {
    expect(pinnedTo(call('abs', call(name, X)), 5_000)).toBeUndefined();
  });
});
