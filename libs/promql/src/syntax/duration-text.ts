const UNITS = [
  { unit: 'y', ms: 365 * 86_400_000, exact: true },
  { unit: 'w', ms: 7 * 86_400_000, exact: true },
  { unit: 'd', ms: 86_400_000, exact: false },
  { unit: 'h', ms: 3_600_000, exact: false },
  { unit: 'm', ms: 60_000, exact: false },
  { unit: 's', ms: 1000, exact: false },
  { unit: 'ms', ms: 1, exact: false },
] as const;

const DURATION = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;

/** Prometheus counts durations in 64 bits of ns: some 292 years. */
export const LONGEST_DURATION_MS = 2 ** 63 / 1e6;

/**
 * The ms of a duration as it is written: units from years to ms, each once and in this order, `1h30m`.
 * Undefined where it is none; more than LONGEST_DURATION_MS where it is too long.
 */
export function readDuration(text: string): number | undefined {
  const match = text === '' ? null : DURATION.exec(text);
  if (match === null) return undefined;
  return UNITS.reduce((sum, { ms }, index) => sum + Number(match[index + 1] ?? 0) * ms, 0);
}

/**
 * A duration as Prometheus writes it: whole ms, the rest is cut off; years and weeks only where nothing is left over, since
 * `90d` is easier to read than `12w6d`.
 */
export function writeDuration(ms: number): string {
  let left = Math.trunc(Math.abs(ms));
  if (left === 0) return '0s';
  let text = ms < 0 ? '-' : '';
  for (const unit of UNITS) {
    if (unit.exact && left % unit.ms !== 0) continue;
    const count = Math.floor(left / unit.ms);
    if (count > 0) text += `${count}${unit.unit}`;
    left -= count * unit.ms;
  }
  return text;
}

/** Seconds, as a literal says them, as whole ms: ns are rounded, and what is less than a ms cut off. */
export const secondsToMs = (seconds: number): number => Math.trunc(Math.round(seconds * 1e9) / 1e6);

/** ms as seconds, put together from whole seconds and the rest, as Go does, so that the last digit is the same. */
export const msToSeconds = (ms: number): number => Math.floor(ms / 1000) + ((ms % 1000) * 1e6) / 1e9;
