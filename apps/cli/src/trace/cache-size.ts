import type { Invocation } from '../command/command.js';
import { UsageError } from '../command/errors.js';
import { bytesOption } from '../command/sizes.js';
import { wholeNumber } from '../command/values.js';
import type { TraceFile } from './trace-file.js';

/** A Map holds no more than 2²⁴ keys. */
const MOST_ENTRIES = 16_000_000;
const SIZES = "Write --size 1000 (entries), --size 10% (of the trace's unique keys) or --max-bytes 64MiB (bytes).";

/** How large a cache may be; at least one of them is given. Bytes are those of the sizes in the trace. */
export interface CacheLimits {
  readonly maxEntries: number | undefined;
  readonly maxBytes: number | undefined;
}

/** What was asked for, before the trace was read. */
export interface AskedLimits {
  readonly maxEntries: number | undefined;
  /** Share of the trace's unique keys, 0 to 1. */
  readonly shareOfUnique: number | undefined;
  readonly maxBytes: number | undefined;
}

/** `--size 1000`, `--size 10%`, `--max-bytes 64MiB`; at least one of them. @throws UsageError */
export function askedLimits(invocation: Invocation): AskedLimits {
  const maxBytes = bytesOption(invocation, 'max-bytes', { min: 1 });
  const size = invocation.text('size');
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(size ?? '')?.[1];
  if (percent !== undefined) {
    const share = Number(percent) / 100;
    if (share <= 0 || share > 1)
      throw new UsageError(`--size ${size} is not a share of the trace's keys.`, 'Write --size 10%, for example.');
    return { maxEntries: undefined, shareOfUnique: share, maxBytes };
  }
  if (size !== undefined && !/^[0-9_]+$/.test(size))
    throw new UsageError(`--size is ${JSON.stringify(size)}, neither a number of entries nor a share.`, SIZES);
  const maxEntries = wholeNumber(invocation, 'size', { min: 1, max: MOST_ENTRIES });
  if (maxEntries === undefined && maxBytes === undefined)
    throw new UsageError('The size of the cache is missing.', SIZES);
  return { maxEntries, shareOfUnique: undefined, maxBytes };
}

/** Turns a share into entries; that takes one more pass over the trace, and memory for its keys. */
export async function settledLimits(asked: AskedLimits, trace: TraceFile): Promise<CacheLimits> {
  const { shareOfUnique, maxBytes } = asked;
  if (shareOfUnique === undefined) return { maxEntries: asked.maxEntries, maxBytes };
  const unique = new Set<string>();
  for await (const accesses of trace.read()) for (const { key } of accesses) unique.add(key);
  return { maxEntries: Math.max(1, Math.round(unique.size * shareOfUnique)), maxBytes };
}
