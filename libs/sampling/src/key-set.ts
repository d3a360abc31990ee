/**
 * A bounded set of 64-bit hashes that knows its highest one: an open-addressed table for membership and a binary heap
 * for the highest, both in typed arrays made once, so that the hot path of a sampler allocates nothing.
 */
export class KeySet {
  readonly #heapHi: Uint32Array;
  readonly #heapLo: Uint32Array;
  readonly #tableHi: Uint32Array;
  readonly #tableLo: Uint32Array;
  readonly #used: Uint8Array;
  readonly #mask: number;
  #size = 0;

  constructor(capacity: number) {
    this.#heapHi = new Uint32Array(capacity);
    this.#heapLo = new Uint32Array(capacity);
    // A power of two, at most half full, so that probes stay short.
    const slots = 2 ** Math.ceil(Math.log2(Math.max(2, capacity * 2)));
    this.#tableHi = new Uint32Array(slots);
    this.#tableLo = new Uint32Array(slots);
    this.#used = new Uint8Array(slots);
    this.#mask = slots - 1;
  }

  get size(): number {
    return this.#size;
  }

  /** The highest `hi` held; 0 when there is none. */
  get highest(): number {
    return this.#size === 0 ? 0 : this.#heapHi[0]!;
  }

  /** Adds a hash. Says whether it is new. The caller keeps the set within its capacity. */
  add(hi: number, lo: number): boolean {
    const slot = this.#find(hi, lo);
    if (this.#used[slot] === 1) return false;
    this.#used[slot] = 1;
    this.#tableHi[slot] = hi;
    this.#tableLo[slot] = lo;
    this.#push(hi, lo);
    return true;
  }

  /** Removes the hash with the highest `hi`. */
  removeHighest(): void {
    if (this.#size === 0) return;
    this.#forget(this.#find(this.#heapHi[0]!, this.#heapLo[0]!));
    const last = --this.#size;
    if (last > 0) this.#sink(this.#heapHi[last]!, this.#heapLo[last]!);
  }

  clear(): void {
    this.#used.fill(0);
    this.#size = 0;
  }

  /** The slot of a hash, or the free one where it belongs. Probing by `lo`: the sampled `hi` are all small. */
  #find(hi: number, lo: number): number {
    let slot = lo & this.#mask;
    while (this.#used[slot] === 1 && (this.#tableHi[slot] !== hi || this.#tableLo[slot] !== lo))
      slot = (slot + 1) & this.#mask;
    return slot;
  }

  /** Frees a slot and moves back those behind it that a probe would no longer reach. */
  #forget(hole: number): void {
    const mask = this.#mask;
    this.#used[hole] = 0;
    for (let slot = (hole + 1) & mask; this.#used[slot] === 1; slot = (slot + 1) & mask) {
      const home = this.#tableLo[slot]! & mask;
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      this.#tableHi[hole] = this.#tableHi[slot]!;
      this.#tableLo[hole] = this.#tableLo[slot]!;
      this.#used[hole] = 1;
      this.#used[slot] = 0;
      hole = slot;
    }
  }

  #push(hi: number, lo: number): void {
    let at = this.#size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#heapHi[parent]! >= hi) break;
      this.#heapHi[at] = this.#heapHi[parent]!;
      this.#heapLo[at] = this.#heapLo[parent]!;
      at = parent;
    }
    this.#heapHi[at] = hi;
    this.#heapLo[at] = lo;
  }

  /** Puts a hash in at the top and lets it sink to its place. */
  #sink(hi: number, lo: number): void {
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && this.#heapHi[child + 1]! > this.#heapHi[child]!) child++;
      if (this.#heapHi[child]! <= hi) break;
      this.#heapHi[at] = this.#heapHi[child]!;
      this.#heapLo[at] = this.#heapLo[child]!;
      at = child;
    }
    this.#heapHi[at] = hi;
    this.#heapLo[at] = lo;
  }
}
