import { Ghosts } from './ghosts.js';
import type { Policy } from './policy.js';
import { Queue } from './queue.js';
import { NONE, type Slots } from './slots.js';

/**
 * ARC: one LRU queue of entries seen once and one of entries seen again; ghosts of either say which of them is too small.
 * Megiddo and Modha, "ARC: A Self-Tuning, Low Overhead Replacement Cache", FAST 2003. Two differences: the target is a
 * share, not a number of entries, so that it stays right when the budget changes; and room is made before it is known who
 * comes, so that what a returning ghost teaches holds from the next eviction on.
 */
export class Arc implements Policy {
  readonly name = 'arc';
  readonly usesCounted = 0;
  readonly #slots: Slots;
  readonly #once: Queue;
  readonly #again: Queue;
  readonly #onceGhosts = new Ghosts();
  readonly #againGhosts = new Ghosts();
  /** Share of the weight held that entries seen once may take, 0 to 1. */
  #target = 0;

  constructor(slots: Slots, firstQueue: number) {
    this.#slots = slots;
    this.#once = new Queue(slots, firstQueue);
    this.#again = new Queue(slots, firstQueue + 1);
  }

  get count(): number {
    return this.#once.count + this.#again.count;
  }

  add(slot: number): void {
    const hash = this.#slots.hash[slot]!;
    const once = this.#onceGhosts;
    const again = this.#againGhosts;
    const step = 1 / (this.count + 1);
    if (once.has(hash)) {
      this.#target = Math.min(1, this.#target + step * Math.max(1, again.size / once.size));
      once.delete(hash);
      this.#again.push(slot);
    } else if (again.has(hash)) {
      this.#target = Math.max(0, this.#target - step * Math.max(1, once.size / again.size));
      again.delete(hash);
      this.#again.push(slot);
    } else {
      this.#once.push(slot);
      once.trim(this.count - this.#once.count);
      again.trim(this.count - once.size);
    }
  }

  adopt(slot: number): void {
    this.#once.push(slot);
  }

  hit(slot: number): void {
    if (this.#again.holds(slot)) this.#again.toFront(slot);
    else {
      this.#once.remove(slot);
      this.#again.push(slot);
    }
  }

  reweigh(slot: number, weight: number): void {
    this.#queueOf(slot).reweigh(slot, weight);
  }

  remove(slot: number): void {
    this.#queueOf(slot).remove(slot);
  }

  evict(): number {
    const once = this.#once;
    const again = this.#again;
    const fromOnce = again.count === 0 || once.weight > (once.weight + again.weight) * this.#target;
    const queue = fromOnce ? once : again;
    const slot = queue.back;
    if (slot === NONE) return NONE;
    queue.remove(slot);
    // How many ghosts there may be is settled when the next entry comes.
    (fromOnce ? this.#onceGhosts : this.#againGhosts).add(this.#slots.hash[slot]!, Number.POSITIVE_INFINITY);
    return slot;
  }

  learn(from: Policy, allKeys: boolean): void {
    if (!(from instanceof Arc)) return;
    this.#target = from.#target;
    if (!allKeys) return;
    this.#onceGhosts.copy(from.#onceGhosts);
    this.#againGhosts.copy(from.#againGhosts);
  }

  *order(): Iterable<number> {
    for (const queue of [this.#once, this.#again])
      for (let slot = queue.back; slot !== NONE; slot = this.#slots.prev[slot]!) yield slot;
  }

  clear(): void {
    this.#once.clear();
    this.#again.clear();
    this.#onceGhosts.clear();
    this.#againGhosts.clear();
    this.#target = 0;
  }

  #queueOf(slot: number): Queue {
    return this.#once.holds(slot) ? this.#once : this.#again;
  }
}
