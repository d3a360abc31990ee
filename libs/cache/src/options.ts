import type { CacheRecorders } from '#libs/contracts';
import type { EvictionSetting } from '#libs/cache-policies';
import type { Clock } from '#libs/time';
import type { CacheKey } from './key/cache-key.js';
import type { InvalidationBus } from './invalidation/bus.js';
import type { SnapshotStore } from './manage/snapshot.js';
import type { Share } from './manager/demand.js';
import type { CacheGroup } from './manager/managed-cache.js';
import type { StandardSchema } from './validate/standard-schema.js';
import type { Tier } from './tier/tier.js';

/** Milliseconds, or a text such as `500ms`, `30s`, `5m`, `2h`, `7d`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

/** How long entries live. What a single write or load says goes before what the cache says. */
export interface Lifetime {
  /** Fresh for so long after it was written. Default: for ever. */
  readonly ttl?: Duration;
  /** Each entry's ttl is shortened by up to this share of it, by chance, so that what came together does not expire together. 0 to 1, default 0. */
  readonly ttlJitter?: number;
  /** A hit makes it fresh for another ttl, memory tier only, but never beyond `maxAge` from the write. Default false. */
  readonly sliding?: boolean;
  /** Never answered when it is older, whatever else is said. Default: no such limit. */
  readonly maxAge?: Duration;
  /** Past its ttl it is answered for so long while one load refreshes it. Default 0. */
  readonly staleWhileRevalidate?: Duration;
  /** Past its ttl it is answered for so long when its loader fails. Default 0. */
  readonly staleIfError?: Duration;
  /** The absence of a value, that is a loader that gave `undefined`, is remembered for so long. Default 0: not. */
  readonly negativeTtl?: Duration;
}

/** How the origin is protected. */
export interface Loading {
  /** A stale or older value is answered, if there is one, when a load takes longer; the load goes on. Default: none. */
  readonly softTimeout?: Duration;
  /** A load that takes longer, its waiting for its turn and for other processes included, fails, and its signal aborts. Default 30 s. */
  readonly hardTimeout?: Duration;
  /** XFetch: refreshes early by chance, the likelier the nearer the end and the longer a load takes. 0 is off, 1 the paper's. Default 0. */
  readonly earlyRefresh?: number;
  /** Loads of this cache at the same time; more wait. Default 64. */
  readonly maxConcurrentLoads?: number;
  /**
   * With a shared tier: one process at a time loads a key, and others take what it wrote. For loads of one key: a batch of
   * several is not locked. When the process dies, others wait for at most 5 s, or a quarter of its `hardTimeout`. Default false.
   */
  readonly lockAcrossProcesses?: boolean;
}

export interface CacheOptions<Key extends CacheKey, Value> extends Lifetime, Loading {
  /** Name of the cache in events, metrics and the control channel: letters, digits and `._-`, at most 64. */
  readonly name: string;
  /** From the nearest to the farthest; the memory tier, if there is one, is the first. */
  readonly tiers: readonly [Tier, ...Tier[]];
  /** Loads a missing entry when `getOrLoad` is given no loader. */
  readonly loader?: Loader<Key, Value>;
  /** Loads many missing entries at once, for `getMany`; `undefined` for what is absent. One answer per key, in order. It loads single ones, too, when there is no `loader`. */
  readonly batchLoader?: BatchLoader<Key, Value>;
  /**
   * Asked in place of `loader` when an entry is held, fresh or not: whether it still holds (`loaded({ unchanged: true })`),
   * or what is there now.
   */
  readonly revalidate?: Revalidator<Key, Value>;
  /**
   * `content-hash`: a loaded value that equals the held one counts as unchanged, and the held one stays; its hash
   * (`contentHash`) is its version where the loader gives none. Default: what the loader says is all that counts.
   */
  readonly freshness?: 'content-hash';
  /** Values are checked by it before they enter, and when they come back from a tier outside the process. */
  readonly schema?: StandardSchema<Value>;
  /** Has the other instances told what is removed or overwritten here, and drops from memory what they tell. */
  readonly invalidations?: InvalidationOptions;
  /** What remote control must keep to; what the host sets itself is not bound by it. */
  readonly bounds?: Bounds;
  /** Whether it can be controlled from afar, where `telemetry` can: its settings, and operations on it, within `bounds`. Default true. */
  readonly control?: boolean;
  /** Where snapshots go that are asked for from afar, such as `snapshotFile(path)`. Default: there are none. */
  readonly snapshots?: SnapshotStore;
  /**
   * So many of the hottest keys are written down in the farthest tier every ten minutes and when it closes, for `warm()`
   * in the next run; 0 for none. Default 1,000 where memory has a tier behind it.
   */
  readonly savedHotKeys?: number;
  /** Where events go. Default: nowhere. */
  readonly telemetry?: CacheRecorders;
  /** Splits one budget of memory over the caches of the process: a `CacheManager`. Default: none; the limits are the tier's own. */
  readonly manager?: CacheGroup;
  /** Its part of the manager's budget. */
  readonly share?: Share;
  readonly clock?: Clock;
  /** Yields [0, 1). */
  readonly random?: () => number;
  /** Told of faults that the cache survives. Default: they are only counted. */
  readonly onProblem?: (problem: Error) => void;
}

/** How instances tell each other, where no tier that they share does. */
export interface InvalidationOptions {
  readonly bus: InvalidationBus;
  /** What keys and tags are hashed with before they travel: at least 16 random characters, the same in all instances. */
  readonly secret: string;
}

/** Between what the limits of a tier may be set. */
export interface LimitBounds {
  readonly minBytes?: number;
  readonly maxBytes?: number;
  readonly minEntries?: number;
  readonly maxEntries?: number;
}

/** Bounds that the host sets, and no remote setting exceeds. Those of limits are for each tier that `tiers` does not name. */
export interface Bounds extends LimitBounds {
  /** By the name of the tier: in place of those for all. */
  readonly tiers?: Readonly<Record<string, LimitBounds>>;
  /** For every duration: ttl, maxAge, negativeTtl, and the times past the ttl. */
  readonly maxTtl?: Duration;
  readonly policies?: readonly EvictionSetting[];
  /** Operations that may come from afar. Default: all. */
  readonly operations?: readonly RemoteOperation[];
}

/** `pin` is for unpinning, too; `inspect` also for a `verify` that repairs nothing. */
export type RemoteOperation =
  'settings' | 'pause' | 'clear' | 'invalidate' | 'pin' | 'warm' | 'inspect' | 'verify' | 'export' | 'import';

/** What is held of a key when it is loaded again. */
export interface Previous<Value> {
  readonly value: Value;
  readonly version?: string;
  readonly ageMs: number;
}

/** Asks the origin about an entry that is held. */
export type Revalidator<Key, Value> = (
  key: Key,
  previous: Previous<Value>,
  context: LoadContext<Value>,
) => LoaderAnswer<Value> | Promise<LoaderAnswer<Value>>;

export interface LoadContext<Value> {
  /** Aborts when the last of those who wait has left, or the hard timeout is over. */
  readonly signal: AbortSignal;
  /** What is held of the key, fresh or not, for a conditional request. */
  readonly previous: Previous<Value> | undefined;
}

/** What a loader may answer beside the bare value. */
export interface Loaded<Value> extends WriteOptions {
  readonly value?: Value | undefined;
  /** The origin says that `previous` still holds: its value is kept, and is as fresh as new. */
  readonly unchanged?: boolean;
}

/** Made by `loaded(…)`, so that a value that happens to have a field `value` is not taken for one. */
export type LoaderAnswer<Value> = Value | undefined | LoadedAnswer<Value>;

/** Fetches a value from its origin; `undefined` when there is none. */
export type Loader<Key, Value> = (
  key: Key,
  context: LoadContext<Value>,
) => LoaderAnswer<Value> | Promise<LoaderAnswer<Value>>;

/** An `Error` in the place of an answer is the failure of that key alone. */
export type BatchLoader<Key, Value> = (
  keys: readonly Key[],
  context: BatchContext<Value>,
) => Promise<readonly (LoaderAnswer<Value> | Error)[]>;

export interface BatchContext<Value> {
  /** Aborts when nobody waits for any of the keys any more, or the hard timeout is over. */
  readonly signal: AbortSignal;
  /** What is held of each key, as for a loader of one. */
  readonly previous: readonly LoadContext<Value>['previous'][];
}

/** Said of one write; it goes before the cache's own settings. */
export interface WriteOptions extends Pick<Lifetime, 'ttl' | 'maxAge' | 'staleWhileRevalidate' | 'staleIfError'> {
  readonly tags?: readonly string[];
  /** Version, ETag or hash of this state, handed to the next load of the key. */
  readonly version?: string;
  /** What loading it costs beside its time, in the same unit (ms): it stays the longer. */
  readonly cost?: number;
}

/** Said of one `getOrLoad`. */
export interface LoadOptions
  extends WriteOptions, Pick<Loading, 'softTimeout' | 'hardTimeout'>, Pick<Lifetime, 'negativeTtl'> {
  /** This caller leaves; the load goes on while somebody else waits. */
  readonly signal?: AbortSignal;
  /** Loads even when a fresh entry is held. */
  readonly refresh?: boolean;
  /**
   * The context of the loader that asks: where the runtime does not follow asynchronous calls, as browsers do not, a
   * loader that would wait for itself is refused by it in place of waiting for the hard timeout.
   */
  readonly within?: LoadContext<unknown>;
}

export class LoadedAnswer<Value> {
  readonly answer: Loaded<Value>;

  constructor(answer: Loaded<Value>) {
    this.answer = answer;
  }
}

/** What a loader returns to say more than the value: its version, tags, ttl, or that nothing changed. */
export function loaded(
  answer: WriteOptions & { readonly value?: undefined; readonly unchanged?: boolean },
): LoadedAnswer<never>;
export function loaded<Value>(answer: Loaded<Value>): LoadedAnswer<Value>;
export function loaded<Value>(answer: Loaded<Value>): LoadedAnswer<Value> {
  return new LoadedAnswer(answer);
}
