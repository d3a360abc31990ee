import { createPolicy } from './create-policy.js';
import type { Policy, PolicyName } from './policy.js';
import { NONE, Slots } from './slots.js';

/**
 * A cache without values: what a policy would have held, and so have hit. Keys are 32 bits of their hashes. To simulate
 * a large cache, scale it down: give it the accesses of a share of the keys, chosen by hash, and that share of the budget.
 */
export class Simulation {
  hits = 0;
  requests = 0;
  readonly policy: PolicyName;
  readonly #slots = new Slots();
  readonly #policy: Policy;
  readonly #held = new Map<number, number>();
  #weight = 0;
  #budget: number;

  /** `budget` in the unit of the weights. */
  constructor(policy: PolicyName, budget: number) {
    this.policy = policy;
    this.#policy = createPolicy(policy, this.#slots);
    this.#budget = budget;
  }

  /** Hits per request; 0 before the first. */
  get hitRatio(): number {
    return this.requests === 0 ? 0 : this.hits / this.requests;
  }

  /** Sum of the weights held. */
  get weight(): number {
    return this.#weight;
  }

  get entries(): number {
    return this.#held.size;
  }

  /** A policy begins with what this one has learnt. */
  teach(policy: Policy, allKeys: boolean): void {
    policy.learn?.(this.#policy, allKeys);
  }

  /** One access; says whether it hit. A miss fills the entry in, unless it is larger than the budget. O(1), amortized. */
  access(hash: number, weight = 1): boolean {
    this.requests++;
    const held = this.#held.get(hash);
    if (held !== undefined) {
      this.hits++;
      this.#policy.hit(held);
      return true;
    }
    if (weight > this.#budget) return false;
    this.#makeRoom(weight);
    const slot = this.#slots.take(hash, weight);
    this.#held.set(hash, slot);
    this.#weight += weight;
    this.#policy.add(slot);
    return false;
  }

  /** The key is gone from its origin, or invalid. */
  delete(hash: number): void {
    const slot = this.#held.get(hash);
    if (slot === undefined) return;
    this.#policy.remove(slot);
    this.#forget(slot);
  }

  /** Forgets the keys that are not among those that are simulated any more. O(entries). */
  keepOnly(isSampled: (hash: number) => boolean): void {
    for (const hash of this.#held.keys()) if (!isSampled(hash)) this.delete(hash);
  }

  resize(budget: number): void {
    this.#budget = budget;
    this.#makeRoom(0);
  }

  #makeRoom(weight: number): void {
    while (this.#weight + weight > this.#budget) {
      const slot = this.#policy.evict();
      if (slot === NONE) return;
      this.#forget(slot);
    }
  }

  #forget(slot: number): void {
    this.#weight -= this.#slots.weight[slot]!;
    this.#held.delete(this.#slots.hash[slot]!);
    this.#slots.free(slot);
  }
}
