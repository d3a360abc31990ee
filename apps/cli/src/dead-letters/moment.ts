import type { Invocation } from '../command/command.js';
import { UsageError } from '../command/errors.js';

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `2026-11-24T10:00:00Z`, or how long ago: `90s`, `15m`, `6h`, `2d`. @throws UsageError */
export function moment(invocation: Invocation, option: string, now: number): number | undefined {
  const text = invocation.text(option);
  if (text === undefined) return undefined;
  const [, amount, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  if (amount !== undefined && unit !== undefined) return now - Number(amount) * UNIT_MS[unit]!;
  const time = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time))
    throw new UsageError(
      `--${option} is ${JSON.stringify(text)}, not a moment.`,
      `Write --${option} 6h (six hours ago) or --${option} 2026-11-24T10:00:00Z.`,
    );
  return time;
}
