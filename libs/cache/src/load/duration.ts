import type { Duration } from '../options.js';

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A duration in ms; undefined for what is none: below 0, NaN, another text. `Infinity` is one: for ever. */
export function parseDuration(duration: unknown): number | undefined {
  if (typeof duration === 'number') return duration >= 0 ? duration : undefined;
  const parts = typeof duration === 'string' ? /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(duration) : null;
  if (parts === null) return undefined;
  return Number(parts[1]) * UNIT_MS[parts[2] as keyof typeof UNIT_MS];
}

/** A duration in ms. @throws TypeError that names where it was given. */
export function durationMs(duration: Duration, path: string): number {
  const ms = parseDuration(duration);
  if (ms === undefined) throw new TypeError(`${path}: ${String(duration)} ${NO_DURATION}`);
  return ms;
}

export const NO_DURATION = 'is no duration. Give milliseconds, 0 or more, or a text such as 500ms, 30s, 5m, 2h, 7d.';
