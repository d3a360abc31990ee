import type { CacheStats } from '../manage/stats.js';
import type { Share } from './demand.js';

/** A cache as its manager knows it. */
export interface ManagedCache {
  readonly name: string;
  readonly share: Share;
  stats(): CacheStats;
  /** What its memory may hold now, and what is desired of it from afar; undefined when its memory has no limit of bytes. */
  memory():
    { readonly bytes: number; readonly maxBytes: number; readonly desiredBytes: number | undefined } | undefined;
  /** Gives its memory so many bytes. Resolves when it keeps to them. */
  give(bytes: number): Promise<void>;
}

/** Where a cache adds itself when it is made, and leaves when it closes: a `CacheManager` is one. */
export interface CacheGroup {
  /** What the memory of all its caches may hold together: what is desired of one from afar is bound by it. */
  readonly maxBytes: number;
  /** @returns what takes it away again. @throws TypeError when the name is taken; CacheOptionsError when its least does not fit. */
  add(cache: ManagedCache): () => void;
  /**
   * What is desired of a cache from afar has changed: gives all of them their parts anew, and resolves when they keep to
   * them. False when it does not manage the cache: its limit is the cache's own matter then.
   */
  settle(name: string): Promise<boolean>;
  /** What remote control tells of it, by name. */
  describe(): Readonly<Record<string, string | number | boolean>>;
}
