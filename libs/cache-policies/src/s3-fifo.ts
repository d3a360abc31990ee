import { Ghosts } from './ghosts.js';
import type { Policy } from './policy.js';
import { Queue } from './queue.js';
import { NONE, type Slots } from './slots.js';

/** Share of the weight held that new entries may take before they are looked at. */
const SMALL_SHARE = 0.1;
/** Uses in the small queue that bring an entry into the main one. */
const USES_TO_STAY = 2;
const MOST_USES = 3;

/**
 * S3-FIFO: new entries wait in a small queue; those used there twice go on to the main queue, the rest leave a ghost, and
 * whoever comes back as a ghost goes to the main queue at once. The main queue gives another round per use. Yang et al.,
 * "FIFO queues are all you need for cache eviction", SOSP 2023.
 */
export class S3Fifo implements Policy {
  readonly name = 's3-fifo';
  readonly usesCounted = MOST_USES;
  readonly #slots: Slots;
  readonly #small: Queue;
  readonly #main: Queue;
  readonly #ghosts = new Ghosts();
  #evicted = false;

  constructor(slots: Slots, firstQueue: number) {
    this.#slots = slots;
    this.#small = new Queue(slots, firstQueue);
    this.#main = new Queue(slots, firstQueue + 1);
  }

  get count(): number {
    return this.#small.count + this.#main.count;
  }

  add(slot: number): void {
    this.#slots.uses[slot] = 0;
    const small = this.#small;
    const main = this.#main;
    const { hash } = this.#slots;
    // Until something must leave, nobody competes: the main queue fills too. A loop longer than the cache lives by that.
    const room = !this.#evicted && small.weight > (small.weight + main.weight) * SMALL_SHARE;
    (this.#ghosts.delete(hash[slot]!) || room ? main : small).push(slot);
  }

  adopt(slot: number): void {
    this.#slots.uses[slot] = 0;
    this.#main.push(slot);
  }

  hit(slot: number): void {
    const { uses } = this.#slots;
    if (uses[slot]! < MOST_USES) uses[slot]!++;
  }

  reweigh(slot: number, weight: number): void {
    this.#queueOf(slot).reweigh(slot, weight);
  }

  remove(slot: number): void {
    this.#queueOf(slot).remove(slot);
  }

  evict(): number {
    this.#evicted = true;
    const { uses, hash } = this.#slots;
    const small = this.#small;
    const main = this.#main;
    for (;;) {
      const fromSmall = main.count === 0 || small.weight >= (small.weight + main.weight) * SMALL_SHARE;
      if (fromSmall && small.count > 0) {
        const slot = small.back;
        small.remove(slot);
        if (uses[slot]! >= USES_TO_STAY) {
          uses[slot] = 0;
          main.push(slot);
          continue;
        }
        this.#ghosts.add(hash[slot]!, Math.max(1, Math.round(this.count * (1 - SMALL_SHARE))));
        return slot;
      }
      const slot = main.back;
      if (slot === NONE) return NONE;
      main.remove(slot);
      if (uses[slot] === 0) return slot;
      uses[slot]!--;
      main.push(slot);
    }
  }

  learn(from: Policy, allKeys: boolean): void {
    if (!(from instanceof S3Fifo)) return;
    this.#evicted = from.#evicted;
    if (allKeys) this.#ghosts.copy(from.#ghosts);
  }

  *order(): Iterable<number> {
    for (const queue of [this.#small, this.#main])
      for (let slot = queue.back; slot !== NONE; slot = this.#slots.prev[slot]!) yield slot;
  }

  clear(): void {
    this.#evicted = false;
    this.#small.clear();
    this.#main.clear();
    this.#ghosts.clear();
  }

  #queueOf(slot: number): Queue {
    return this.#small.holds(slot) ? this.#small : this.#main;
  }
}
