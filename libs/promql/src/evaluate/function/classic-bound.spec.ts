import { describe, expect, it } from '@jest/globals';
import { classicBound } from './classic-bound.js';

describe('classicBound', () => {
  it.each([
    ['1', 1],
    ['-0.5', -0.5],
    ['1e+06', 1e6],
    ['.25', 0.25],
    ['+Inf', Infinity],
    ['-inf', -Infinity],
    ['infinity', Infinity],
    ['NaN', NaN],
    ['', undefined],
    [' 1', undefined],
    ['1s', undefined],
    ['e5', undefined],
  ])('reads %j as %p', (text, expected) => {
    expect(classicBound(text)).toBe(expected);
  });
});
