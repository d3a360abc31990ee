import { FrequencySketch } from './frequency-sketch.js';
import type { Policy } from './policy.js';
import { Queue } from './queue.js';
import { NONE, type Slots } from './slots.js';

/** Caffeine begins with 0.01, from where the climb is long; measured, 0.1 is better on nearly all. */
const FIRST_WINDOW_SHARE = 0.1;
const PROTECTED_SHARE = 0.8;
const FIRST_STEP = 0.0625;
const STEP_DECAY = 0.98;
/** A change of the hit ratio that says the use has changed: climb anew. */
const RESTART_CHANGE = 0.05;
const SAMPLE_PER_ENTRY = 10;
/** Entries that one operation moves when a share has changed: no operation is long. */
const MOVES_AT_ONCE = 8;

/**
 * W-TinyLFU: new entries go through a small LRU window; leaving it, one is admitted to the main part (probation, and
 * protected for those used again) only if it was used more often lately than the entry that would make room. The window's
 * share climbs towards the better hit ratio. Einziger, Friedman and Manes, ACM ToS 2017; Einziger et al., "Adaptive
 * Software Cache Management", Middleware 2018.
 */
export class WTinyLfu implements Policy {
  readonly name = 'w-tinylfu';
  readonly usesCounted = 0;
  readonly #slots: Slots;
  readonly #window: Queue;
  readonly #probation: Queue;
  readonly #protected: Queue;
  readonly #sketch = new FrequencySketch();
  #windowShare = FIRST_WINDOW_SHARE;
  /** The entry that came out of the window last: it must stand the comparison. */
  #candidate = NONE;
  #hits = 0;
  #requests = 0;
  #lastRatio = -1;
  #step = FIRST_STEP;

  constructor(slots: Slots, firstQueue: number) {
    this.#slots = slots;
    this.#window = new Queue(slots, firstQueue);
    this.#probation = new Queue(slots, firstQueue + 1);
    this.#protected = new Queue(slots, firstQueue + 2);
  }

  get count(): number {
    return this.#window.count + this.#probation.count + this.#protected.count;
  }

  add(slot: number): void {
    this.#sketch.fit(this.count);
    this.#sketch.add(this.#slots.hash[slot]!);
    this.#window.push(slot);
    this.#fitWindow();
    this.#observe(false);
  }

  adopt(slot: number): void {
    this.#sketch.fit(this.count);
    this.#sketch.add(this.#slots.hash[slot]!);
    this.#probation.push(slot);
  }

  hit(slot: number): void {
    this.#sketch.add(this.#slots.hash[slot]!);
    if (this.#window.holds(slot)) this.#window.toFront(slot);
    else if (this.#protected.holds(slot)) this.#protected.toFront(slot);
    else {
      this.#probation.remove(slot);
      if (slot === this.#candidate) this.#candidate = NONE;
      this.#protected.push(slot);
      this.#fitProtected();
    }
    this.#observe(true);
  }

  reweigh(slot: number, weight: number): void {
    this.#queueOf(slot).reweigh(slot, weight);
  }

  remove(slot: number): void {
    if (slot === this.#candidate) this.#candidate = NONE;
    this.#queueOf(slot).remove(slot);
  }

  evict(): number {
    const candidate = this.#candidate;
    const queue =
      this.#probation.count > 0 ? this.#probation : this.#protected.count > 0 ? this.#protected : this.#window;
    const victim = queue.back;
    if (victim === NONE) return NONE;
    if (candidate !== NONE && candidate !== victim) {
      const { hash } = this.#slots;
      if (this.#sketch.of(hash[candidate]!) <= this.#sketch.of(hash[victim]!)) {
        this.#candidate = NONE;
        this.#probation.remove(candidate);
        return candidate;
      }
    }
    this.#candidate = NONE;
    queue.remove(victim);
    return victim;
  }

  learn(from: Policy, allKeys: boolean): void {
    if (!(from instanceof WTinyLfu)) return;
    this.#windowShare = from.#windowShare;
    this.#step = from.#step;
    this.#lastRatio = from.#lastRatio;
    if (!allKeys) return;
    this.#hits = from.#hits;
    this.#requests = from.#requests;
    this.#sketch.copy(from.#sketch);
  }

  *order(): Iterable<number> {
    for (const queue of [this.#probation, this.#window, this.#protected])
      for (let slot = queue.back; slot !== NONE; slot = this.#slots.prev[slot]!) yield slot;
  }

  clear(): void {
    for (const queue of [this.#window, this.#probation, this.#protected]) queue.clear();
    this.#sketch.clear();
    this.#candidate = NONE;
    this.#windowShare = FIRST_WINDOW_SHARE;
    this.#step = FIRST_STEP;
    this.#hits = this.#requests = 0;
    this.#lastRatio = -1;
  }

  #fitWindow(): void {
    const total = this.#window.weight + this.#probation.weight + this.#protected.weight;
    const most = Math.max(1, total * this.#windowShare);
    for (let moves = 0; moves < MOVES_AT_ONCE && this.#window.count > 1 && this.#window.weight > most; moves++) {
      const oldest = this.#window.back;
      this.#window.remove(oldest);
      this.#probation.push(oldest);
      this.#candidate = oldest;
    }
  }

  #fitProtected(): void {
    const most = (this.#probation.weight + this.#protected.weight) * PROTECTED_SHARE;
    for (let moves = 0; moves < MOVES_AT_ONCE && this.#protected.count > 1 && this.#protected.weight > most; moves++) {
      const oldest = this.#protected.back;
      this.#protected.remove(oldest);
      this.#probation.push(oldest);
    }
  }

  #observe(hit: boolean): void {
    if (hit) this.#hits++;
    if (++this.#requests < SAMPLE_PER_ENTRY * this.count) return;
    const ratio = this.#hits / this.#requests;
    this.#hits = this.#requests = 0;
    if (this.#lastRatio >= 0 && ratio + this.#lastRatio > 0) {
      const change = ratio - this.#lastRatio;
      if (Math.abs(change) >= RESTART_CHANGE) this.#step = Math.sign(this.#step * (change >= 0 ? 1 : -1)) * FIRST_STEP;
      else this.#step = this.#step * (change >= 0 ? 1 : -1) * STEP_DECAY;
      this.#windowShare = Math.min(0.8, Math.max(0.005, this.#windowShare + this.#step));
    }
    this.#lastRatio = ratio;
  }

  #queueOf(slot: number): Queue {
    if (this.#window.holds(slot)) return this.#window;
    return this.#protected.holds(slot) ? this.#protected : this.#probation;
  }
}
