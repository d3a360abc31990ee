export interface BackoffOptions {
  /** Upper bound of the first delay, ms. */
  readonly baseMs: number;
  /** Upper bound of every delay, ms. */
  readonly capMs: number;
}

/**
 * Full jitter: a delay drawn evenly from `[0, min(cap, base · 2^attempt)]`, in milliseconds.
 * `attempt` counts from 0; `random` yields `[0, 1)`. Source: Brooker, "Exponential Backoff And Jitter" (AWS, 2015).
 */
export function fullJitter(attempt: number, { baseMs, capMs }: BackoffOptions, random: () => number): number {
  return random() * Math.min(capMs, baseMs * 2 ** Math.min(attempt, 30));
}
