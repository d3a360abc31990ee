/** A number as the notation writes it, without a sign: digits with point and exponent, `Inf` or `NaN` in any case. */
export const UNSIGNED = String.raw`(?:\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|[iI][nN][fF]|[nN][aA][nN])`;

/** @param text one that `UNSIGNED` matches, with a sign or without */
export function numberOf(text: string): number {
  const negative = text.startsWith('-');
  const digits = text.replace(/^[+-]/, '').toLowerCase();
  const value = digits === 'inf' ? Infinity : Number(digits);
  return negative ? -value : value;
}

const WHOLE = /^([+-]?)(0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|\d+)$/;
const FLOAT = new RegExp(`^[+-]?${UNSIGNED}$`);

/** A line that is a number alone, as Go reads one: hexadecimal, octal and binary, too. Undefined when it is none. */
export function parseNumber(text: string): number | undefined {
  if (FLOAT.test(text) && !/^[+-]?0\d+$/.test(text)) return numberOf(text);
  const whole = WHOLE.exec(text);
  if (whole === null) return undefined;
  const [, sign, digits = ''] = whole;
  const value = Number(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
  return sign === '-' ? -value : value;
}
