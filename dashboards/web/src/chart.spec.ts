import { describe, expect, it } from '@jest/globals';
import { linePath } from './chart.js';

const size = { width: 100, height: 50, inset: 2 };
const path = (...values: number[]) =>
  linePath(
    values.map((acceptedPerSecond, i) => ({ at: i * 10, acceptedPerSecond, insertedPerSecond: 0 })),
    (one) => one.acceptedPerSecond,
    { now: (values.length - 1) * 10, spanMs: 10 * (values.length - 1), top: 10 },
    size,
  );

describe('The line of the chart', () => {
  it('lies whole within the chart, at nothing and at the top alike', () => {
    expect(path(0, 0)).toBe('M0.0,48.0L100.0,48.0');
    expect(path(10, 20)).toBe('M0.0,2.0L100.0,2.0');
    expect(path(0, 5, 10)).toBe('M0.0,48.0L50.0,25.0L100.0,2.0');
  });

  it('is none for fewer than two points', () => expect(path(1)).toBe(''));
});
