import type { Policy, PolicyName } from './policy.js';
import { Simulation } from './simulation.js';

/** Each for what the others miss: scans and loops, frequency, both, recency. */
export const CHOSEN_FROM: readonly PolicyName[] = ['s3-fifo', 'w-tinylfu', 'arc', 'lru'];

/** Entries that each small cache holds at most; their accesses are a sample of that share. */
const MOST_ENTRIES = 512;
/** Between two decisions lie as many sampled accesses as the small caches have entries, at least so many. */
const FEWEST_ACCESSES = 128;
/** What was counted weighs so much less with every decision: use changes. */
const MEMORY = 0.975;
/** A difference this many times what chance makes of it, and a little more, is believed. */
const DEVIATIONS = 2;
const FEWEST_HITS_MORE = 2;

/**
 * Says which policy suits a cache best, by running each over a small cache of sampled keys beside it ("miniature
 * simulations", Waldspurger et al., USENIX ATC 2017). A policy is left only for one that is better by more than chance.
 * A sampled access costs as much as one to each of the small caches; of a cache of a million entries, one in 2,048 is.
 */
export class PolicyChooser {
  readonly #caches: readonly Simulation[];
  /** Accesses by who hit: bit i of the place stands for cache i. Accesses that all or none hit tell nothing. */
  readonly #counts: Float64Array;
  #sinceDecision = 0;
  #entries = 0;
  #share = 1;
  #chosen: number;
  #threshold = ALL_SAMPLED;
  #missed = false;
  #resting = false;

  constructor(first: PolicyName, from = CHOSEN_FROM) {
    this.#caches = from.map((policy) => new Simulation(policy, Number.POSITIVE_INFINITY));
    this.#counts = new Float64Array(2 ** from.length);
    this.#chosen = Math.max(0, from.indexOf(first));
  }

  get chosen(): PolicyName {
    return this.#caches[this.#chosen]!.policy;
  }

  /**
   * The cache holds so many entries; `full` when it has begun to evict. A cache that still fills is simulated without a
   * budget, by fewer and fewer keys.
   */
  fit(entries: number, full: boolean): void {
    while (entries * this.#share > MOST_ENTRIES) this.#share /= 2;
    while (entries * this.#share * 4 < MOST_ENTRIES && this.#share < 1) this.#share *= 2;
    const threshold = this.#share * ALL_SAMPLED;
    if (threshold < this.#threshold)
      for (const cache of this.#caches) cache.keepOnly((hash) => sampleOf(hash) < threshold);
    this.#threshold = threshold;
    this.#entries = Math.max(1, Math.round(entries * this.#share));
    if (full) for (const cache of this.#caches) cache.resize(this.#entries);
  }

  /** A policy that takes over begins with what its small cache has learnt. O(entries of that). */
  teach(policy: Policy): void {
    this.#caches.find((cache) => cache.policy === policy.name)?.teach(policy, this.#share === 1);
  }

  /** Keys with `sampleOf(hash)` below it are sampled: none while nothing misses, as there is nothing to choose then. */
  get threshold(): number {
    return this.#resting ? 0 : this.#threshold;
  }

  /** The cache has missed. */
  wake(): void {
    this.#resting = false;
  }

  /** A sampled access; returns a policy when another one than so far is better. */
  access(hash: number): PolicyName | undefined {
    let hitBy = 0;
    for (let i = 0; i < this.#caches.length; i++) if (this.#caches[i]!.access(hash)) hitBy |= 1 << i;
    this.#counts[hitBy]!++;
    if (hitBy !== this.#counts.length - 1) this.#missed = true;
    return ++this.#sinceDecision < Math.max(FEWEST_ACCESSES, this.#entries) ? undefined : this.#decide();
  }

  /** The entry of a sampled key is gone: it expired, or was invalidated. */
  forget(hash: number): void {
    for (const cache of this.#caches) cache.delete(hash);
  }

  #decide(): PolicyName | undefined {
    this.#sinceDecision = 0;
    this.#resting = !this.#missed;
    this.#missed = false;
    const before = this.#chosen;
    let most = 0;
    for (let i = 0; i < this.#caches.length; i++) {
      const edge = this.#edge(i, before);
      if (edge <= most) continue;
      most = edge;
      this.#chosen = i;
    }
    for (let i = 0; i < this.#counts.length; i++) this.#counts[i]! *= MEMORY;
    return this.#chosen === before ? undefined : this.chosen;
  }

  /** Hits that a cache has more than another, beyond what may be chance: of the accesses that only one of them hit. */
  #edge(cache: number, other: number): number {
    let won = 0;
    let lost = 0;
    for (let hitBy = 0; hitBy < this.#counts.length; hitBy++) {
      const more = ((hitBy >> cache) & 1) - ((hitBy >> other) & 1);
      if (more > 0) won += this.#counts[hitBy]!;
      else if (more < 0) lost += this.#counts[hitBy]!;
    }
    return won - lost - DEVIATIONS * Math.sqrt(won + lost) - FEWEST_HITS_MORE;
  }
}

/** What `sampleOf` stays below: with it as the threshold, all keys are sampled. A small integer, as is all that is below. */
export const ALL_SAMPLED = 2 ** 30;

/**
 * What decides whether a key is sampled: the upper bits of the half of its hash that policies know it by. Where that is the
 * half that telemetry samples by, one comparison tells a cache that nobody wants to know of a hit.
 */
export function sampleOf(hash: number): number {
  return hash >>> 2;
}
