import { NONE, type Slots } from './slots.js';

/** A doubly linked queue of slots: new ones at the front, the oldest at the back. Every operation is O(1). */
export class Queue {
  front = NONE;
  back = NONE;
  count = 0;
  /** Sum of the weights held. */
  weight = 0;
  readonly #slots: Slots;
  readonly #number: number;

  /** `number`, 1 to 255, tells this queue from the others of the same slots. */
  constructor(slots: Slots, number: number) {
    this.#slots = slots;
    this.#number = number;
  }

  holds(slot: number): boolean {
    return this.#slots.queue[slot] === this.#number;
  }

  push(slot: number): void {
    const { next, prev, queue, weight } = this.#slots;
    queue[slot] = this.#number;
    prev[slot] = NONE;
    next[slot] = this.front;
    if (this.front === NONE) this.back = slot;
    else prev[this.front] = slot;
    this.front = slot;
    this.count++;
    this.weight += weight[slot]!;
  }

  remove(slot: number): void {
    const { next, prev, queue, weight } = this.#slots;
    const before = prev[slot]!;
    const behind = next[slot]!;
    if (before === NONE) this.front = behind;
    else next[before] = behind;
    if (behind === NONE) this.back = before;
    else prev[behind] = before;
    queue[slot] = 0;
    this.count--;
    this.weight -= weight[slot]!;
  }

  toFront(slot: number): void {
    if (slot === this.front) return;
    this.remove(slot);
    this.push(slot);
  }

  clear(): void {
    this.front = this.back = NONE;
    this.count = this.weight = 0;
  }

  /** The weight of an entry held changes. */
  reweigh(slot: number, weight: number): void {
    this.weight += weight - this.#slots.weight[slot]!;
    this.#slots.weight[slot] = weight;
  }
}
