/** What is asked for again and again, and grows with the data, takes at most one part in this many of the time. */
const SHARE = 20;

/** How long it waits before it is asked for again, ms, when it took so long. */
export function pauseAfter(tookMs: number): number {
  return tookMs * SHARE;
}
