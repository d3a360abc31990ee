/** Writes that may wait for the largest of tiers. */
const MOST_WAITING = 2_048;
/** Of what a tier holds, so much may wait besides. */
const SHARE = 0.01;
/** In a tier that holds less than 1,600 entries so many may, since a disk is quick only with several at once, … */
const FEW_WAITING = 16;
/** … but no more than this share of it. */
const SHARE_OF_FEW = 0.05;

/**
 * Writes that may wait for a tier while a replay goes on. A tier answers what waits as if it held it, outside of its
 * limits: with many it would be larger than it is, and so would be its hit ratio. Pure.
 * @param entries that the tier holds
 */
export function mostAhead(entries: number): number {
  const few = Math.min(FEW_WAITING, entries * SHARE_OF_FEW);
  return Math.floor(Math.min(MOST_WAITING, Math.max(few, entries * SHARE)));
}
