import { memory, type MemoryTier } from '#libs/cache';
import type { EvictionSetting } from '#libs/cache-policies';
import type { CacheLimits } from './cache-size.js';
import type { TraceAccess } from './trace-parser.js';

/** What an access that says no size is taken for, bytes. */
const UNKNOWN_SIZE = 1;

/** What a trace's entry takes of the bytes. */
export function sizeOf({ size }: TraceAccess): number {
  return size ?? UNKNOWN_SIZE;
}

/** A memory tier whose limits are as the trace counts: in entries, and in bytes by its sizes and nothing besides. */
export function traceMemory<Value>(
  { maxEntries, maxBytes }: CacheLimits,
  policy: EvictionSetting,
  sizeIn: (value: Value) => number,
): MemoryTier {
  return memory({
    policy,
    ...(maxEntries !== undefined && { maxEntries }),
    ...(maxBytes !== undefined && {
      maxBytes,
      weigher: (value: unknown) => sizeIn(value as Value),
      overheadBytes: 0,
    }),
  });
}
