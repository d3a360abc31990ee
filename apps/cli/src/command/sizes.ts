import type { Invocation } from './command.js';
import { UsageError } from './errors.js';

const UNITS: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};
const SIZE = new RegExp(`^(\\d[\\d_]{0,19}(?:\\.\\d{1,6})?) ?(${Object.keys(UNITS).join('|')})?$`);

/** `67108864`, `50_000_000`, `64MiB`, `1.5GB` in bytes; undefined for any other text. Pure. */
export function bytesOf(text: string): number | undefined {
  const [, amount, unit = 'B'] = SIZE.exec(text) ?? [];
  if (amount === undefined) return undefined;
  const bytes = Math.round(Number(amount.replaceAll('_', '')) * UNITS[unit]!);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** How many bytes, or undefined when the option was not given: the one way in which all commands take sizes. @throws UsageError */
export function bytesOption(
  invocation: Invocation,
  option: string,
  { min }: { readonly min: number },
): number | undefined {
  const text = invocation.text(option);
  if (text === undefined) return undefined;
  const bytes = bytesOf(text);
  if (bytes === undefined || bytes < min)
    throw new UsageError(
      `--${option} is ${JSON.stringify(text)}, not a number of bytes${min === 0 ? '' : ` from ${min} on`}.`,
      `Write --${option} 67108864, --${option} 64MiB or --${option} 50MB, for example; up to TiB and TB.`,
    );
  return bytes;
}
