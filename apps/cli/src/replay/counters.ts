/** What one replay counts, and what the database can tell about it: the same names on both sides. */
export const COUNTERS = ['requests', 'hits', 'misses', 'loads', 'writes', 'evicted', 'rejected'] as const;
export type Counter = (typeof COUNTERS)[number];
export type Counts = Record<Counter, number>;

export function noCounts(): Counts {
  return Object.fromEntries(COUNTERS.map((name) => [name, 0])) as Counts;
}

/** The counters that differ. */
export function differences(emitted: Counts, stored: Counts): Counter[] {
  return COUNTERS.filter((name) => emitted[name] !== stored[name]);
}

/** A counter of the database can only be behind; one that is ahead will never become equal. */
export function isAhead(emitted: Counts, stored: Counts): boolean {
  return COUNTERS.some((name) => stored[name] > emitted[name]);
}

/** Hits per request, 0 without requests. */
export function hitRatio({ hits, requests }: Counts): number {
  return requests === 0 ? 0 : hits / requests;
}
