import type { CountingRecorder } from '#libs/contracts';
import type { Clock } from '#libs/time';
import type { BatchLoader, Loader } from '../options.js';
import type { Found } from '../tier/found.js';
import type { TierStack } from '../tier/tier-stack.js';
import type { LifetimeMs } from './lifetime.js';
import type { LoadScope } from './load-scope.js';
import type { Watches } from './watch.js';

/** Where values come from: one by one, or many at once. */
export type Origin<Key, Value> =
  { readonly one: Loader<Key, Value>; readonly many?: undefined } | { readonly many: BatchLoader<Key, Value> };

/** One key to be loaded, and what memory holds of it. */
export interface Wanted<Key> {
  readonly key: Key;
  readonly encoded: string;
  readonly held: Found | undefined;
}

/** How the origin is protected, in ms. */
export interface LoadingMs {
  readonly softMs: number;
  readonly hardMs: number;
  readonly earlyRefresh: number;
  readonly lockAcrossProcesses: boolean;
}

/** What happened to loads, beside what the recorders count. */
export interface LoadCounts {
  /** Gets that shared the load of another one. */
  joined: number;
  /** Loads that ended because nobody waited any more. */
  abandoned: number;
  /** Answers that were not kept, as their key was invalidated or written meanwhile. */
  outdated: number;
  /** Loads of what was held: stale, near its end, or on request. */
  refreshed: number;
  /** Of these, those that found nothing changed. */
  unchanged: number;
  /** Values that the schema refused, from a loader or from a tier. */
  invalid: number;
}

/** What loads are made with. */
export interface LoadsOptions<Value> {
  readonly cache: string;
  readonly stack: TierStack;
  readonly watches: Watches;
  readonly scope: LoadScope;
  readonly clock: Clock;
  readonly random: () => number;
  readonly maxConcurrentLoads: number;
  readonly lifetime: () => LifetimeMs;
  readonly loading: LoadingMs;
  readonly validate: (value: unknown) => Value | Promise<Value>;
  /** Values that equal what is held are unchanged. */
  readonly comparesContent: boolean;
  readonly recorder: CountingRecorder;
  readonly counts: LoadCounts;
  /** Nothing is kept at the moment. */
  readonly keepsNothing: () => boolean;
  /** What was held of a key is gone, since what its origin says now is not kept. */
  readonly onDropped: (key: string) => void;
  readonly onProblem: (problem: Error) => void;
}
