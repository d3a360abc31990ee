import type { Policy } from './policy.js';
import { Queue } from './queue.js';
import { NONE, type Slots } from './slots.js';

/** Least recently used. */
export class Lru implements Policy {
  readonly name = 'lru';
  readonly usesCounted = 0;
  readonly #queue: Queue;
  readonly #slots: Slots;

  constructor(slots: Slots, firstQueue: number) {
    this.#slots = slots;
    this.#queue = new Queue(slots, firstQueue);
  }

  get count(): number {
    return this.#queue.count;
  }

  add(slot: number): void {
    this.#queue.push(slot);
  }

  adopt(slot: number): void {
    this.add(slot);
  }

  hit(slot: number): void {
    this.#queue.toFront(slot);
  }

  reweigh(slot: number, weight: number): void {
    this.#queue.reweigh(slot, weight);
  }

  remove(slot: number): void {
    this.#queue.remove(slot);
  }

  evict(): number {
    const slot = this.#queue.back;
    if (slot !== NONE) this.#queue.remove(slot);
    return slot;
  }

  *order(): Iterable<number> {
    for (let slot = this.#queue.back; slot !== NONE; slot = this.#slots.prev[slot]!) yield slot;
  }

  clear(): void {
    this.#queue.clear();
  }
}
