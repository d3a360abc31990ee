import { LRUCache } from 'lru-cache';
import type { KeyHash } from '#libs/sampling';
import { noCounts, type Counts } from './counters.js';
import type { TraceAccess } from './trace-parser.js';

export interface CacheLimits {
  readonly maxEntries: number | undefined;
  readonly maxBytes: number | undefined;
}

/** What a replay tells: the part of libs/telemetry's CacheRecorder that an LRU cache has something to say to. */
export interface CacheObserver {
  hashKey(key: string): KeyHash | undefined;
  hit(hash?: KeyHash, details?: { bytes?: number }): void;
  miss(hash?: KeyHash, details?: { bytes?: number }): void;
  loaded(): void;
  written(hash?: KeyHash, details?: { bytes?: number }): void;
  removed(cause: 'evicted' | 'rejected', count?: number, hash?: KeyHash): void;
}

/** An entry holds no value: a replay has none. Its key's hash is kept, so that a hit does not hash again. */
interface Entry {
  readonly hash: KeyHash | undefined;
  readonly size: number;
}

/** lru-cache takes no entry of size 0. */
const SMALLEST = 1;

/**
 * A trace through a real `lru-cache`, demand-filled: what misses is loaded and written. Counts by itself, apart from the
 * recorder, so that "emitted" is not the recorder's own word. O(1) per access.
 */
export class LruReplay {
  readonly counts: Counts = noCounts();
  readonly #cache: LRUCache<string, Entry>;
  readonly #maxBytes: number | undefined;
  readonly #observer: CacheObserver;

  constructor({ maxEntries, maxBytes }: CacheLimits, observer: CacheObserver) {
    this.#observer = observer;
    this.#maxBytes = maxBytes;
    this.#cache = new LRUCache<string, Entry>({
      ...(maxEntries !== undefined && { max: maxEntries }),
      ...(maxBytes !== undefined && { maxSize: maxBytes, sizeCalculation: ({ size }: Entry) => size }),
      dispose: (_, __, reason) => {
        if (reason !== 'evict') return;
        this.counts.evicted += 1;
        observer.removed('evicted');
      },
    } as LRUCache.Options<string, Entry, unknown>);
  }

  get entries(): number {
    return this.#cache.size;
  }

  /** Bytes held, when sizes are limited. */
  get bytes(): number | undefined {
    return this.#maxBytes === undefined ? undefined : this.#cache.calculatedSize;
  }

  access({ key, size }: TraceAccess): void {
    const { counts } = this;
    const observer = this.#observer;
    const details = size === undefined ? undefined : { bytes: size };
    counts.requests += 1;
    const found = this.#cache.get(key);
    if (found !== undefined) {
      counts.hits += 1;
      observer.hit(found.hash, details);
      return;
    }
    const hash = observer.hashKey(key);
    counts.misses += 1;
    observer.miss(hash, details);
    counts.loads += 1;
    observer.loaded();
    const held = Math.max(SMALLEST, size ?? SMALLEST);
    // lru-cache silently leaves out what is larger than all of it.
    if (this.#maxBytes !== undefined && held > this.#maxBytes) {
      counts.rejected += 1;
      observer.removed('rejected', 1, hash);
      return;
    }
    this.#cache.set(key, { hash, size: held });
    counts.writes += 1;
    observer.written(hash, details);
  }
}
