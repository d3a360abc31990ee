import type { PolicyName } from './policy.js';
import { Simulation } from './simulation.js';

/** Each for what the others miss: scans and loops, frequency, recency. */
export const CHOSEN_FROM: readonly PolicyName[] = ['s3-fifo', 'w-tinylfu', 'arc'];

/** Entries that each small cache holds at most; their accesses are a sample of that share. */
const MOST_ENTRIES = 512;
/** Sampled accesses per entry of the small caches between two decisions. */
const ACCESSES_PER_ENTRY = 1;
/** What was counted weighs so much less with every decision: use changes. */
const MEMORY = 0.975;

/**
 * Says which policy suits a cache best, by running each over a small cache of sampled keys beside it ("miniature
 * simulations", Waldspurger et al., USENIX ATC 2017). A policy is left only for one that is better by more than chance.
 */
export class PolicyChooser {
  readonly #caches: readonly Simulation[];
  readonly #hits: number[];
  #sinceDecision = 0;
  #entries = 0;
  #share = 1;
  #chosen: number;
  #threshold = 2 ** 32;
  #missed = false;
  #resting = false;

  constructor(first: PolicyName, from = CHOSEN_FROM) {
    this.#caches = from.map((policy) => new Simulation(policy, Number.POSITIVE_INFINITY));
    this.#hits = from.map(() => 0);
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
    const threshold = this.#share * 2 ** 32;
    if (threshold < this.#threshold)
      for (const cache of this.#caches) cache.keepOnly((hash) => sampleOf(hash) < threshold);
    this.#threshold = threshold;
    this.#entries = Math.max(1, Math.round(entries * this.#share));
    if (full) for (const cache of this.#caches) cache.resize(this.#entries);
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
    for (let i = 0; i < this.#caches.length; i++)
      if (this.#caches[i]!.access(hash)) this.#hits[i]!++;
      else this.#missed = true;
    return ++this.#sinceDecision < this.#entries * ACCESSES_PER_ENTRY ? undefined : this.#decide();
  }

  #decide(): PolicyName | undefined {
    this.#sinceDecision = 0;
    this.#resting = !this.#missed;
    this.#missed = false;
    const hits = this.#hits;
    const before = this.#chosen;
    const best = hits.indexOf(Math.max(...hits));
    // The hits of two policies on the same accesses differ by chance by about the root of their sum, at most.
    if (hits[best]! - hits[before]! > Math.sqrt(hits[best]! + hits[before]!)) this.#chosen = best;
    for (let i = 0; i < hits.length; i++) hits[i]! *= MEMORY;
    return this.#chosen === before ? undefined : this.chosen;
  }
}

/** Bits of a hash that decide on sampling: others than those that telemetry samples by, mixed. */
export function sampleOf(hash: number): number {
  return Math.imul(hash, 0x9e37_79b1) >>> 0;
}
