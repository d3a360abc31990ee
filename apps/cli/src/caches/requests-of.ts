import { RESULTS, type CountName, type TierFigures } from './figures.js';

const HITS = RESULTS.filter((name) => name !== 'misses' && name !== 'errors');

type Counted = Pick<TierFigures, 'counts'>;

/**
 * Requests to a cache as a whole. They are those of the nearest tier, unless some instances lack it: then each request was
 * answered by one tier, or missed by the farthest. Never fewer than the hits of all tiers. Pure.
 * @param tiers from the nearest to the farthest
 */
export function requestsOf(tiers: readonly Counted[]): number {
  const [nearest, farthest] = [tiers[0], tiers.at(-1)];
  if (nearest === undefined || farthest === undefined) return 0;
  const hits = tiers.reduce((total, tier) => total + hitsOf(tier), 0);
  return Math.max(sumOf(RESULTS, nearest), hits + farthest.counts.misses);
}

/** Requests that a tier answered, with whatever it had. Pure. */
export function hitsOf(tier: Counted): number {
  return sumOf(HITS, tier);
}

/** Pure. */
export function sumOf(names: readonly CountName[], { counts }: Counted): number {
  return names.reduce((total, name) => total + counts[name], 0);
}
