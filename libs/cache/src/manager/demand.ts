import type { Claim } from './split-budget.js';

/** What was seen of a cache's memory since the last look. */
export interface Seen {
  /** Gets that its memory answered. */
  readonly hits: number;
  /** What it held at the end. */
  readonly bytes: number;
  readonly maxBytes: number;
}

/** What the host says of a cache's part. */
export interface Share {
  /** Beside the other caches. Default 1. */
  readonly weight?: number;
  readonly minBytes?: number;
  readonly maxBytes?: number;
}

/** A cache's density counts at most so many times more, or less, than the mean. */
const MOST_TIMES = 4;
/** One that is fuller than this wants more room. */
const FULL = 0.9;
/** One that is not gets what it holds and so much more, to grow into. */
const HEADROOM = 1.25;

/**
 * The claims of caches that share a budget: the host's weights, shifted towards those whose bytes answer more gets. It is
 * the mean of a cache's bytes and not what the next one would bring, so that it counts by its root, within bounds, and one
 * that does not fill what it has asks for little more, whatever its density.
 */
export function claimsOf(
  caches: readonly (Share & { readonly seen?: Seen | undefined; readonly fixedBytes?: number | undefined })[],
): Claim[] {
  const known = caches.map(({ seen }) => seen).filter((seen) => seen !== undefined && seen.bytes > 0) as Seen[];
  const mean = total(known, ({ hits }) => hits) / total(known, ({ bytes }) => bytes);
  return caches.map(({ weight = 1, minBytes = 0, maxBytes = Number.POSITIVE_INFINITY, seen, fixedBytes }) => {
    if (fixedBytes !== undefined) return { weight: 0, minBytes: fixedBytes, maxBytes: fixedBytes };
    if (seen === undefined || seen.bytes === 0 || !(mean > 0)) return { weight, minBytes, maxBytes };
    const times = Math.sqrt(seen.hits / seen.bytes / mean);
    const wanted = seen.bytes >= FULL * seen.maxBytes ? maxBytes : Math.min(maxBytes, HEADROOM * seen.bytes);
    return {
      weight: weight * Math.min(MOST_TIMES, Math.max(1 / MOST_TIMES, times)),
      minBytes,
      maxBytes: Math.max(minBytes, wanted),
    };
  });
}

function total<Item>(items: readonly Item[], of: (item: Item) => number): number {
  return items.reduce((sum, item) => sum + of(item), 0);
}
