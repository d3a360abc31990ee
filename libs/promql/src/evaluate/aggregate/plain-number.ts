/** All digits of a number without an exponent, as few as tell it from others. */
export function plainNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const text = String(Math.abs(value));
  const [digits = '', exponent] = text.split('e');
  if (exponent === undefined) return sign + text;
  const [whole = '', fraction = ''] = digits.split('.');
  const point = whole.length + Number(exponent);
  const all = whole + fraction;
  return sign + (point <= 0 ? `0.${'0'.repeat(-point)}${all}` : all.padEnd(point, '0'));
}
