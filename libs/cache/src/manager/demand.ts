import { splitBudget, type Claim } from './split-budget.js';

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

/** A cache that shares a budget: `fixedBytes` are desired of it from afar. */
type Sharing = Share & { readonly seen?: Seen | undefined; readonly fixedBytes?: number | undefined };

/** A cache's density counts at most so many times more, or less, than the mean. */
const MOST_TIMES = 4;
/** One that is fuller than this wants more room. */
const FULL = 0.9;
/** One that is not gets what it holds and so much more, to grow into. */
const HEADROOM = 1.25;

/**
 * The claims of caches that share a budget: the host's weights, shifted towards those whose bytes answer more gets. It is
 * the mean of a cache's bytes and not what the next one would bring, so that it counts by its root, within bounds, and one
 * that does not fill what it has asks for little more, whatever its density. What is desired of a cache from afar is
 * fixed, as far as its share allows, and the budget beside the least of all others.
 */
export function claimsOf(caches: readonly Sharing[], budget: number): Claim[] {
  const fixed = fixedParts(caches, budget);
  const known = caches.map(({ seen }) => seen).filter((seen) => seen !== undefined && seen.bytes > 0) as Seen[];
  const mean = total(known, ({ hits }) => hits) / total(known, ({ bytes }) => bytes);
  return caches.map((cache) => {
    const { weight = 1, minBytes = 0, maxBytes = Number.POSITIVE_INFINITY, seen } = cache;
    const part = fixed.get(cache);
    if (part !== undefined) return { weight: 0, minBytes: part, maxBytes: part };
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

/** What those get of whom a size is desired: less in the same proportion where the others' least leaves less. */
function fixedParts(caches: readonly Sharing[], budget: number): Map<Sharing, number> {
  const fixed = caches.filter(({ fixedBytes }) => fixedBytes !== undefined);
  const others = caches.filter(({ fixedBytes }) => fixedBytes === undefined);
  const claims = fixed.map(({ fixedBytes = 0, minBytes = 0, maxBytes = Number.POSITIVE_INFINITY }): Claim => {
    const most = Math.max(minBytes, Math.min(fixedBytes, maxBytes));
    return { weight: most, minBytes, maxBytes: most };
  });
  const room = Math.max(0, budget - total(others, ({ minBytes = 0 }) => minBytes));
  const parts = splitBudget(room, claims);
  // Where not even the least of all fits, theirs gives way with that of the others.
  return new Map(fixed.map((cache, i) => [cache, Math.max(parts[i]!, claims[i]!.minBytes)]));
}

function total<Item>(items: readonly Item[], of: (item: Item) => number): number {
  return items.reduce((sum, item) => sum + of(item), 0);
}
