import { Ghosts } from './ghosts.js';
import type { Policy } from './policy.js';
import { Queue } from './queue.js';
import { NONE, type Slots } from './slots.js';

/**
 * ARC: one LRU queue of entries seen once and one of entries seen again; ghosts of either say which of them is too small.
 * Megiddo and Modha, "ARC: A Self-Tuning, Low Overhead Replacement Cache", FAST 2003. The target is a share here, not a
 * number of entries, so that it stays right when the budget changes.
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
  /** The entry that came last had left from the second queue. */
  #againReturned = false;

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
    this.#againReturned = false;
    const step = 1 / Math.max(1, this.count);
    if (once.has(hash)) {
      this.#target = Math.min(1, this.#target + step * Math.max(1, again.size / once.size));
      once.delete(hash);
      this.#again.push(slot);
    } else if (again.has(hash)) {
      this.#target = Math.max(0, this.#target - step * Math.max(1, once.size / again.size));
      again.delete(hash);
      this.#againReturned = true;
      this.#again.push(slot);
    } else this.#once.push(slot);
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
    if (this.count === 0) return NONE;
    const most = this.count;
    const share = once.weight / Math.max(1, once.weight + again.weight);
    // A returning entry of the second queue takes from the first at the very target, as in the paper.
    const fromOnce = again.count === 0 || (once.count > 0 && (share > this.#target || (this.#againReturned && share >= this.#target)));
    const queue = fromOnce ? once : again;
    const slot = queue.back;
    queue.remove(slot);
    const hash = this.#slots.hash[slot]!;
    if (fromOnce) {
      const room = Math.max(1, most - once.count);
      this.#onceGhosts.add(hash, room);
    } else this.#againGhosts.add(hash, Math.max(1, 2 * most - this.count - this.#onceGhosts.size));
    return slot;
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
