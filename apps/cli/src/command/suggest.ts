import { editDistance } from '#libs/contracts';

/** The candidate that was most likely meant, or undefined when none is near. O(candidates · length²). */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const allowed = Math.max(2, Math.floor(word.length / 3));
  let best: { readonly candidate: string; readonly distance: number } | undefined;
  for (const candidate of candidates) {
    // Somebody who stopped typing early meant the longer word.
    const distance = word.length >= 2 && candidate.startsWith(word) ? 0 : editDistance(word, candidate);
    if (distance <= allowed && distance < candidate.length && (best === undefined || distance < best.distance))
      best = { candidate, distance };
  }
  return best?.candidate;
}

/** `Did you mean `x`? `, or nothing where there is no guess. Pure. */
export function meant(guess: string | undefined): string {
  return guess === undefined ? '' : `Did you mean ${guess.startsWith('--') ? guess : `\`${guess}\``}? `;
}
