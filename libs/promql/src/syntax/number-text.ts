const INTEGER = /^(?:0|[1-9](?:_?[0-9])*|0(?:_?[0-7])+|0[xX](?:_?[0-9a-fA-F])+)$/;
const DECIMAL = /^(?:\d(?:_?\d)*(?:\.(?:\d(?:_?\d)*)?)?|\.\d(?:_?\d)*)(?:[eE][+-]?\d(?:_?\d)*)?$/;
const LARGEST_INTEGER = 2n ** 63n - 1n;

/**
 * The value of a number as Go writes them: decimal, hexadecimal (`0x1F`) or octal (`017`) integers, decimal fractions with an
 * exponent, underscores between digits, `Inf` and `NaN` in any case. Undefined where it is none; infinite where a number of
 * digits is too large.
 */
export function readNumber(text: string): number | undefined {
  const lower = text.toLowerCase();
  if (lower === 'inf') return Infinity;
  if (lower === 'nan') return NaN;
  const digits = lower.replaceAll('_', '');
  if (INTEGER.test(text)) {
    const octal = /^0[0-7]/.test(digits);
    const value = BigInt(octal ? `0o${digits}` : digits);
    if (value <= LARGEST_INTEGER) return Number(value);
    if (digits.startsWith('0x')) return undefined;
  }
  return DECIMAL.test(text) ? Number(digits) : undefined;
}

/** A number as Go writes it without exponent, shortest that reads as the same: `+Inf`, `-0`, `0.000001`, `100000`. */
export function writeNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const [mantissa = '', exponent] = String(Math.abs(value)).split('e');
  if (exponent === undefined) return sign + mantissa;
  const [whole = '', fraction = ''] = mantissa.split('.');
  const point = whole.length + Number(exponent);
  const digits = whole + fraction;
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return sign + digits.padEnd(point, '0');
}
