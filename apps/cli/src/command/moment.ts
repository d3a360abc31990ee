import type { Invocation } from './command.js';
import { UsageError } from './errors.js';
import { durationMs } from './values.js';

/** `2026-11-24T10:00:00Z`, or how long ago: `90s`, `15m`, `6h`, `2d`. @throws UsageError */
export function moment(invocation: Invocation, option: string, now: number): number | undefined {
  const text = invocation.text(option);
  if (text === undefined) return undefined;
  const ago = durationMs(text);
  if (ago !== undefined) return now - ago;
  const time = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time))
    throw new UsageError(
      `--${option} is ${JSON.stringify(text)}, not a moment.`,
      `Write --${option} 6h (six hours ago) or --${option} 2026-11-24T10:00:00Z.`,
    );
  return time;
}
