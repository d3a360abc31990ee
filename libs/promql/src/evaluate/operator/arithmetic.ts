import type { BinaryOperator } from '../../syntax/ast.js';

/** The power; 1 to any power is 1, and so is -1 to an infinite one. */
function power(base: number, exponent: number): number {
  if (base === 1 || (base === -1 && Math.abs(exponent) === Infinity)) return 1;
  return base ** exponent;
}

/** Of two numbers, for operators that calculate. */
export const ARITHMETIC_OF: ReadonlyMap<BinaryOperator, (a: number, b: number) => number> = new Map<
  BinaryOperator,
  (a: number, b: number) => number
>([
  ['+', (a, b) => a + b],
  ['-', (a, b) => a - b],
  ['*', (a, b) => a * b],
  ['/', (a, b) => a / b],
  ['%', (a, b) => a % b],
  ['^', power],
  ['atan2', Math.atan2],
]);

/** Of two numbers, for operators that compare. */
export const COMPARISON_OF: ReadonlyMap<BinaryOperator, (a: number, b: number) => boolean> = new Map<
  BinaryOperator,
  (a: number, b: number) => boolean
>([
  ['==', (a, b) => a === b],
  ['!=', (a, b) => a !== b],
  ['>', (a, b) => a > b],
  ['<', (a, b) => a < b],
  ['>=', (a, b) => a >= b],
  ['<=', (a, b) => a <= b],
]);
