import type { Policy } from './policy.js';
import { Queue } from './queue.js';
import { NONE, type Slots } from './slots.js';

/**
 * SIEVE: a queue in order of arrival, and a hand that walks from the oldest to the newest, spares whoever was used since
 * it last came by, and takes the first that was not. Zhang et al., "SIEVE is Simpler than LRU", NSDI 2024.
 */
export class Sieve implements Policy {
  readonly name = 'sieve';
  readonly usesCounted = 1;
  readonly #queue: Queue;
  readonly #slots: Slots;
  #hand = NONE;

  constructor(slots: Slots, firstQueue: number) {
    this.#slots = slots;
    this.#queue = new Queue(slots, firstQueue);
  }

  get count(): number {
    return this.#queue.count;
  }

  add(slot: number): void {
    this.#slots.uses[slot] = 0;
    this.#queue.push(slot);
  }

  adopt(slot: number): void {
    this.add(slot);
  }

  hit(slot: number): void {
    this.#slots.uses[slot] = 1;
  }

  reweigh(slot: number, weight: number): void {
    this.#queue.reweigh(slot, weight);
  }

  remove(slot: number): void {
    if (this.#hand === slot) this.#hand = this.#slots.prev[slot]!;
    this.#queue.remove(slot);
  }

  evict(): number {
    if (this.#queue.count === 0) return NONE;
    const { uses, prev } = this.#slots;
    let slot = this.#hand === NONE ? this.#queue.back : this.#hand;
    while (uses[slot] !== 0) {
      uses[slot] = 0;
      slot = prev[slot] === NONE ? this.#queue.back : prev[slot]!;
    }
    this.#hand = prev[slot]!;
    this.#queue.remove(slot);
    return slot;
  }

  *order(): Iterable<number> {
    const { uses, prev } = this.#slots;
    for (const used of [false, true])
      for (let slot = this.#queue.back; slot !== NONE; slot = prev[slot]!) if ((uses[slot] !== 0) === used) yield slot;
  }

  clear(): void {
    this.#queue.clear();
    this.#hand = NONE;
  }
}
