import type { Lifetime, WriteOptions } from '../options.js';
import type { Entry } from '../tier/tier.js';
import { durationMs } from './duration.js';

/** How long entries of a cache live, in ms; Infinity for ever. */
export interface LifetimeMs {
  readonly ttlMs: number;
  /** 0 to 1. */
  readonly ttlJitter: number;
  readonly sliding: boolean;
  readonly maxAgeMs: number;
  readonly revalidateMs: number;
  readonly ifErrorMs: number;
  readonly negativeMs: number;
}

export function lifetimeMs(lifetime: Lifetime): LifetimeMs {
  return {
    ttlMs: durationMs(lifetime.ttl ?? Number.POSITIVE_INFINITY, 'ttl'),
    ttlJitter: lifetime.ttlJitter ?? 0,
    sliding: lifetime.sliding ?? false,
    maxAgeMs: durationMs(lifetime.maxAge ?? Number.POSITIVE_INFINITY, 'maxAge'),
    revalidateMs: durationMs(lifetime.staleWhileRevalidate ?? 0, 'staleWhileRevalidate'),
    ifErrorMs: durationMs(lifetime.staleIfError ?? 0, 'staleIfError'),
    negativeMs: durationMs(lifetime.negativeTtl ?? 0, 'negativeTtl'),
  };
}

/** How long one entry lives. */
export type EntryLifetime = Pick<Entry, 'freshMs' | 'staleMs' | 'revalidateMs'> & {
  readonly slidingMs: number;
  readonly maxAgeMs: number;
};

/**
 * What a write says goes before what the cache says, except that no entry lives longer than the lower of both `maxAge`.
 * The absence of a value is remembered for `negativeTtl`, without a stale time; ttl and negativeTtl are shortened by chance.
 * `random` yields [0, 1).
 */
export function entryLifetime(
  cache: LifetimeMs,
  write: Pick<WriteOptions, 'ttl' | 'maxAge' | 'staleWhileRevalidate' | 'staleIfError'> & Pick<Lifetime, 'negativeTtl'>,
  negative: boolean,
  random: () => number,
): EntryLifetime {
  const maxAgeMs = Math.min(cache.maxAgeMs, given(write.maxAge, 'maxAge', Number.POSITIVE_INFINITY));
  const longest = negative
    ? given(write.negativeTtl, 'negativeTtl', cache.negativeMs)
    : given(write.ttl, 'ttl', cache.ttlMs);
  const ttlMs = cache.ttlJitter === 0 ? longest : longest * (1 - cache.ttlJitter * random());
  const freshMs = Math.min(ttlMs, maxAgeMs);
  if (negative) return { freshMs, staleMs: 0, slidingMs: 0, maxAgeMs };
  const revalidateMs = given(write.staleWhileRevalidate, 'staleWhileRevalidate', cache.revalidateMs);
  const ifErrorMs = given(write.staleIfError, 'staleIfError', cache.ifErrorMs);
  // Of what is fresh for ever nothing is stale, and Infinity - Infinity is no number.
  const longestStale = freshMs === Number.POSITIVE_INFINITY ? 0 : maxAgeMs - freshMs;
  return {
    freshMs,
    staleMs: Math.min(Math.max(revalidateMs, ifErrorMs), longestStale),
    ...(write.staleWhileRevalidate !== undefined && { revalidateMs }),
    slidingMs: cache.sliding && ttlMs !== Number.POSITIVE_INFINITY ? ttlMs : 0,
    maxAgeMs,
  };
}

/**
 * What may be done with an entry: answer it; answer it while it is refreshed; answer it when its origin fails; nothing.
 */
export type EntryState = 'fresh' | 'stale' | 'grace' | 'over';

/** The state of an entry of this age, ms; what the cache now says of `maxAge` goes for all that is held. */
export function stateOf(
  entry: Pick<Entry, 'freshMs' | 'staleMs' | 'revalidateMs'>,
  ageMs: number,
  cache: Pick<LifetimeMs, 'maxAgeMs' | 'revalidateMs'>,
): EntryState {
  if (ageMs >= cache.maxAgeMs) return 'over';
  if (ageMs < entry.freshMs) return 'fresh';
  const pastMs = ageMs - entry.freshMs;
  if (pastMs >= entry.staleMs) return 'over';
  return pastMs < (entry.revalidateMs ?? cache.revalidateMs) ? 'stale' : 'grace';
}

/** Clocks of machines that share a tier are taken to agree within this, ms. */
export const CLOCK_TOLERANCE_MS = 5_000;

/**
 * The age of an entry that was written by a wall clock, ms. One that is from the future is as good as new while it is so
 * by no more than clocks differ. Beyond that a clock was set back, nobody knows how old it is, and it counts as over, which
 * `Infinity` is, unless it is to live for ever.
 */
export function ageOf(
  { storedAt, freshMs }: Pick<Entry, 'storedAt' | 'freshMs'>,
  nowMs: number,
  { maxAgeMs }: Pick<LifetimeMs, 'maxAgeMs'>,
): number {
  const ageMs = nowMs - storedAt;
  if (ageMs >= 0) return ageMs;
  const endless = Math.min(freshMs, maxAgeMs) === Number.POSITIVE_INFINITY;
  return endless || ageMs >= -CLOCK_TOLERANCE_MS ? 0 : Number.POSITIVE_INFINITY;
}

/**
 * XFetch (Vattani, Chierichetti and Lowenstein, "Optimal Probabilistic Cache Stampede Prevention", VLDB 2015): whether to
 * refresh before the end. `loadMs`: what loading took; `beta`: 0 never, 1 as in the paper; `random` yields [0, 1).
 */
export function isEarly(leftMs: number, loadMs: number, beta: number, random: () => number): boolean {
  // 1 − random() is in (0, 1]: the logarithm of 0 would refresh whatever is left.
  return leftMs !== Number.POSITIVE_INFINITY && -loadMs * beta * Math.log(1 - random()) >= leftMs;
}

function given(duration: WriteOptions['ttl'], path: string, otherwise: number): number {
  return duration === undefined ? otherwise : durationMs(duration, path);
}
