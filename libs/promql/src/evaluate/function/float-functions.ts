/** A function of each value of a vector; other arguments come with their values at the step. */
export type FloatFunction = (value: number, ...parameters: readonly number[]) => number;

/** The larger one; +Inf wins over NaN, and NaN over all others. */
function larger(a: number, b: number): number {
  return a === Infinity || b === Infinity ? Infinity : Math.max(a, b);
}

/** The smaller one; -Inf wins over NaN, and NaN over all others. */
function smaller(a: number, b: number): number {
  return a === -Infinity || b === -Infinity ? -Infinity : Math.min(a, b);
}

/** To a multiple of `nearest`; halves go up. */
function round(value: number, nearest = 1): number {
  const inverse = 1 / nearest;
  return Math.floor(value * inverse + 0.5) / inverse;
}

/** The functions that look at each float by itself, and leave out histograms. */
export const FLOAT_FUNCTIONS: ReadonlyMap<string, FloatFunction> = new Map<string, FloatFunction>([
  ['abs', Math.abs],
  ['ceil', Math.ceil],
  ['floor', Math.floor],
  ['exp', Math.exp],
  ['sqrt', Math.sqrt],
  ['ln', Math.log],
  ['log2', Math.log2],
  ['log10', Math.log10],
  ['sin', Math.sin],
  ['cos', Math.cos],
  ['tan', Math.tan],
  ['asin', Math.asin],
  ['acos', Math.acos],
  ['atan', Math.atan],
  ['sinh', Math.sinh],
  ['cosh', Math.cosh],
  ['tanh', Math.tanh],
  ['asinh', Math.asinh],
  ['acosh', Math.acosh],
  ['atanh', Math.atanh],
  ['rad', (value) => (value * Math.PI) / 180],
  ['deg', (value) => (value * 180) / Math.PI],
  ['sgn', (value) => (value < 0 ? -1 : value > 0 ? 1 : value)],
  ['round', round],
  ['clamp', (value, low = NaN, high = NaN) => larger(low, smaller(high, value))],
  ['clamp_min', (value, low = NaN) => larger(low, value)],
  ['clamp_max', (value, high = NaN) => smaller(high, value)],
]);
