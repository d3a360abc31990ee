import { describe, expect, it } from '@jest/globals';
import type { Subquery } from '../syntax/ast.js';
import { frameOf, subqueryFrame } from './frame.js';

const span = { from: 0, to: 0 };

function subquery(rangeMs: number, stepMs: number): Subquery {
  const expression = { kind: 'number', value: 1, isDuration: false, span } as const;
  return { kind: 'subquery', expression, rangeMs, stepMs, offsetMs: 0, span };
}

describe('The steps of a query', () => {
  it.each([
    [{ at: 5 }, 1],
    [{ start: 0, end: 10, stepMs: 5 }, 3],
    [{ start: 0, end: 9, stepMs: 5 }, 2],
    [{ start: 1, end: 0, stepMs: 5 }, 0],
  ])('%j are %d', (times, count) => {
    expect(frameOf(times).count).toBe(count);
  });
});

describe('The steps of a subquery', () => {
  it.each([
    [{ at: 105 }, 60, 20, [60, 80, 100]],
    [{ at: 100 }, 60, 20, [60, 80, 100]],
    [{ at: 15 }, 10, 20, []],
    [{ start: 100, end: 155, stepMs: 50 }, 10, 5, [95, 100, 105, 110, 115, 120, 125, 130, 135, 140, 145, 150]],
    [{ at: -5 }, 20, 10, [-20, -10]],
  ])('in %j over %d by %d are %j', (times, rangeMs, stepMs, expected) => {
    const frame = subqueryFrame(frameOf(times), subquery(rangeMs, stepMs), { offsetMs: 0 }, 60_000);
    const steps = Array.from({ length: frame.count }, (_, step) => frame.start + step * frame.stepMs);
    expect(steps).toEqual(expected);
  });
});
