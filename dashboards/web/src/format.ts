const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const one = new Intl.NumberFormat('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat('en', { style: 'percent', minimumFractionDigits: 2, maximumFractionDigits: 2 });
const moment = new Intl.DateTimeFormat('en', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

/** Stands where nothing is known yet; as wide as a digit. */
export const UNKNOWN = '–';

export const formatCount = (count: number | null | undefined) => (count == null ? UNKNOWN : whole.format(count));

/** A rate: one decimal below 10, so that little is told from nothing. */
export const formatRate = (rate: number | undefined) =>
  rate === undefined ? UNKNOWN : rate > 0 && rate < 10 ? one.format(rate) : whole.format(rate);

export const formatRatio = (ratio: number | null | undefined) => (ratio == null ? UNKNOWN : percent.format(ratio));

export const formatCompact = (count: number) => compact.format(count);

/** A time in the zone of whoever reads it: `Nov 24, 12:00`. */
export const formatMoment = (iso: string) => moment.format(new Date(iso));

/** `0.8 s`, `42 s`, `3 min`, `5 h`, `2 d`. */
export function formatAge(ms: number | null | undefined): string {
  if (ms == null) return UNKNOWN;
  const seconds = Math.max(0, ms) / 1_000;
  if (seconds < 10) return `${one.format(seconds)} s`;
  if (seconds < 120) return `${whole.format(seconds)} s`;
  if (seconds < 7_200) return `${whole.format(seconds / 60)} min`;
  if (seconds < 172_800) return `${whole.format(seconds / 3_600)} h`;
  return `${whole.format(seconds / 86_400)} d`;
}

export function formatBytes(bytes: number | undefined): string {
  if (bytes === undefined) return UNKNOWN;
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_000;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? whole.format(value) : one.format(value)} ${units[unit]}`;
}

/** The least of 1, 2, 5 times a power of ten that is not below `value`: the top of an axis. */
export function axisTop(value: number): number {
  if (value <= 10) return 10;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((factor) => factor * power).find((top) => top >= value) ?? value;
}
