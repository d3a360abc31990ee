import type { Invocation } from './command.js';
import { UsageError } from './errors.js';

/** A whole number within a range, or undefined when the option was not given. @throws UsageError */
export function wholeNumber(
  invocation: Invocation,
  option: string,
  { min, max }: { readonly min: number; readonly max: number },
): number | undefined {
  const text = invocation.text(option);
  if (text === undefined) return undefined;
  const value = Number(text.replaceAll('_', ''));
  if (!/^[0-9_]+$/.test(text) || !Number.isSafeInteger(value) || value < min || value > max)
    throw new UsageError(
      `--${option} is ${JSON.stringify(text)}, not a whole number from ${min} to ${max}.`,
      `Write --${option} ${Math.max(min, 1)}, for example.`,
    );
  return value;
}

/** A number above 0, or undefined when the option was not given. @throws UsageError */
export function positiveNumber(invocation: Invocation, option: string): number | undefined {
  const text = invocation.text(option);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0)
    throw new UsageError(
      `--${option} is ${JSON.stringify(text)}, not a number above 0.`,
      `Write --${option} 10, for example.`,
    );
  return value;
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `90s`, `15m`, `6h` or `2d` in ms; undefined for any other text. Pure. */
export function durationMs(text: string): number | undefined {
  const [, amount, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  return amount === undefined || unit === undefined ? undefined : Number(amount) * UNIT_MS[unit]!;
}

/** How long, in ms, or undefined when the option was not given. @throws UsageError */
export function duration(invocation: Invocation, option: string): number | undefined {
  const text = invocation.text(option);
  if (text === undefined) return undefined;
  const ms = durationMs(text);
  if (ms === undefined)
    throw new UsageError(
      `--${option} is ${JSON.stringify(text)}, not a length of time.`,
      `Write --${option} 24h, for example.`,
    );
  return ms;
}

/** One of a closed set of words. @throws UsageError */
export function oneOf<const Values extends readonly string[]>(
  invocation: Invocation,
  option: string,
  values: Values,
): Values[number] | undefined {
  const text = invocation.text(option);
  if (text === undefined) return undefined;
  const value = values.find((one) => one === text);
  if (value === undefined)
    throw new UsageError(`--${option} ${JSON.stringify(text)} is not known here.`, `It can be: ${values.join(', ')}.`);
  return value;
}

/** A base URL without a slash at its end. @throws UsageError */
export function baseUrl(name: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new UsageError(
      `${name} is ${JSON.stringify(text)}, not an http or https address.`,
      'An address looks like http://127.0.0.1:8080.',
    );
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}
