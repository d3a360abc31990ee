/** `1,234`. Pure. */
export function grouped(value: number): string {
  return value.toLocaleString('en');
}

/** `91.2 %`; a dash where nothing was counted. Pure. */
export function percent(ratio: number | null): string {
  return ratio === null ? '-' : `${(ratio * 100).toFixed(1)} %`;
}

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
const TIME_UNITS: readonly (readonly [unit: string, ns: number])[] = [
  ['d', 864e11],
  ['h', 36e11],
  ['min', 6e10],
  ['s', 1e9],
  ['ms', 1e6],
  ['µs', 1e3],
];

/** `1.5 MiB`. Pure. */
export function bytesText(bytes: number): string {
  let unit = 0;
  let value = bytes;
  // By what it will look like: 1,023.9 KiB is 1 MiB.
  while (unit < BYTE_UNITS.length - 1 && Math.round(value) >= 1_024) {
    value /= 1_024;
    unit++;
  }
  return `${threeDigits(value)} ${BYTE_UNITS[unit]}`;
}

/** `1.5 ms`, from nanoseconds; a dash for NaN, of which there is nothing. Pure. */
export function timeText(ns: number): string {
  if (Number.isNaN(ns)) return '-';
  const [unit, length] = TIME_UNITS.find(([, least]) => Number((ns / least).toPrecision(3)) >= 1) ?? ['ns', 1];
  return `${threeDigits(ns / length)} ${unit}`;
}

const DECIMAL_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
const LENGTH_UNITS: readonly (readonly [unit: string, ms: number])[] = [
  ['d', 864e5],
  ['h', 36e5],
  ['min', 6e4],
  ['s', 1e3],
];

const LIMIT_UNITS = [BYTE_UNITS, DECIMAL_UNITS].flatMap((units, i) =>
  units.slice(1).map((unit, power) => [unit, (i === 0 ? 1_024 : 1_000) ** (power + 1)] as const),
);

/**
 * `64 MiB`, `50 MB`: whole, in the unit that says it shortest, where one does in two decimals, as limits are mostly given;
 * else as `bytesText`. Pure.
 */
export function sizeText(bytes: number): string {
  const whole = LIMIT_UNITS.filter(([, size]) => saysWhole(bytes, size));
  const texts = whole.map(([unit, size]) => `${decimals(bytes / size)} ${unit}`);
  return texts.sort((a, b) => a.length - b.length)[0] ?? bytesText(bytes);
}

/** `15 min`, `1.5 h`, `3,661 s`, from milliseconds, never rounded. Pure. */
export function lengthText(ms: number): string {
  const [unit, length] = LENGTH_UNITS.find(([, size]) => saysWhole(ms, size)) ?? ['ms', 1];
  return `${decimals(ms / length)} ${unit}`;
}

function saysWhole(value: number, unit: number): boolean {
  return value >= unit && Number.isInteger((value / unit) * 100);
}

function decimals(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: 2 });
}

/** `1,234`, `12.3`, `1.23`, `0`. Pure. */
export function threeDigits(value: number): string {
  return value >= 100 ? grouped(Math.round(value)) : String(Number(value.toPrecision(3)));
}
