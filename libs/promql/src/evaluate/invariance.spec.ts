import { describe, expect, it } from '@jest/globals';
import { parseQuery } from '../syntax/parse-query.js';
import { invariantParts } from './invariance.js';

describe('What comes to the same at each step', () => {
  it.each([
    ['a @ 1', true],
    ['a', false],
    ['sum(rate(a[5m] @ 1))', true],
    ['sum(rate(a[5m])) + a @ 1', false],
    ['max_over_time(a[5m:1m] @ 1)', true],
    ['max_over_time((a @ 1)[5m:1m])', false],
    ['timestamp(a @ 1)', true],
    ['timestamp(abs(a @ 1))', false],
    ['time()', false],
    ['hour(a @ 1)', false],
    ['predict_linear(a[5m] @ 1, 60)', false],
    ['vector(1) + 2', true],
  ])('%s: %p', (text, expected) => {
    const expression = parseQuery(text);
    expect(invariantParts(expression).has(expression)).toBe(expected);
  });
});
