import type { KeyHash } from './key-hasher.js';
import { KeySet } from './key-set.js';

const SPACE = 2 ** 32;

/** Decides by a key's hash alone whether its accesses are sampled, so that all of a key's accesses are, or none. */
export interface Sampler {
  /** Hashes whose `hi` is below this are sampled. Keep a copy for the hot path; it changes only within `sample`. */
  readonly threshold: number;
  /** Share of the key space sampled now. */
  readonly rate: number;
  /** The rate at which this access is sampled (weigh it by 1 / rate), or 0 when it is not. */
  sample(hash: KeyHash): number;
  /** Lowers the rate to at most this one, for good. */
  lowerTo(rate: number): void;
}

/** SHARDS at a fixed rate (Waldspurger et al., FAST 2015). O(1), no state but the threshold. */
export class FixedRateSampler implements Sampler {
  #threshold: number;

  /** `rate` in (0, 1]. */
  constructor(rate: number) {
    this.#threshold = thresholdOf(rate);
  }

  get threshold(): number {
    return this.#threshold;
  }

  get rate(): number {
    return this.#threshold / SPACE;
  }

  sample(hash: KeyHash): number {
    return hash.hi < this.#threshold ? this.#threshold / SPACE : 0;
  }

  lowerTo(rate: number): void {
    this.#threshold = Math.min(this.#threshold, thresholdOf(rate));
  }
}

/**
 * SHARDS of a fixed size: it starts at rate 1 and holds at most `maxKeys` keys, those of the lowest hashes. One more,
 * and the threshold falls to the highest hash held, whose key leaves. Below `maxKeys` keys everything is sampled, and
 * curves are exact. O(log maxKeys) for a new key below the threshold, otherwise O(1); 24 bytes per key, once.
 *
 * The set is of all keys ever seen; `reset` starts anew when the keys of long ago should no longer count.
 */
export class FixedSizeSampler implements Sampler {
  readonly maxKeys: number;
  readonly #keys: KeySet;
  #threshold = SPACE;

  constructor(maxKeys = 8_192) {
    this.maxKeys = Math.max(1, Math.floor(maxKeys));
    this.#keys = new KeySet(this.maxKeys + 1);
  }

  get threshold(): number {
    return this.#threshold;
  }

  get rate(): number {
    return this.#threshold / SPACE;
  }

  /** How many keys it holds. */
  get size(): number {
    return this.#keys.size;
  }

  sample(hash: KeyHash): number {
    if (hash.hi >= this.#threshold) return 0;
    if (this.#keys.add(hash.hi, hash.lo) && this.#keys.size > this.maxKeys) this.#fallTo(this.#keys.highest);
    return hash.hi < this.#threshold ? this.#threshold / SPACE : 0;
  }

  lowerTo(rate: number): void {
    const threshold = thresholdOf(rate);
    if (threshold < this.#threshold) this.#fallTo(threshold);
  }

  /** Forgets all keys and goes back to rate 1. */
  reset(): void {
    this.#keys.clear();
    this.#threshold = SPACE;
  }

  #fallTo(threshold: number): void {
    // At least one: a threshold of 0 would be a rate of 0, by which nothing can be weighed.
    this.#threshold = Math.max(1, threshold);
    while (this.#keys.size > 0 && this.#keys.highest >= this.#threshold) this.#keys.removeHighest();
  }
}

function thresholdOf(rate: number): number {
  return Math.min(SPACE, Math.max(1, Math.round(rate * SPACE)));
}
