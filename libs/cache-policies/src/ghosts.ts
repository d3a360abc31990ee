/**
 * The last keys that left, by 32 bits of their hashes, in the order they left: a ring, and an open-addressed index of
 * it. 12 bytes a ghost, two keys are taken for one with a chance of (ghosts / 2³²). Every operation is O(1) on average.
 */
export class Ghosts {
  #ring = new Uint32Array(64);
  /** Index: position in the ring + 1, by hash; 0 is free. */
  #table = new Uint32Array(128);
  #gone = new Uint8Array(64);
  #from = 0;
  #length = 0;
  /** Ghosts in the ring that were not taken back. */
  #alive = 0;

  get size(): number {
    return this.#alive;
  }

  /** Remembers a key, and forgets the oldest beyond `most`. */
  add(hash: number, most: number): void {
    if (most < 1) return;
    while (this.#alive >= most) this.#forgetOldest();
    this.delete(hash);
    if (this.#length === this.#ring.length) this.#rebuild();
    const at = (this.#from + this.#length) & (this.#ring.length - 1);
    this.#ring[at] = hash;
    this.#gone[at] = 0;
    this.#length++;
    this.#alive++;
    this.#index(hash, at);
  }

  has(hash: number): boolean {
    return this.#find(hash) !== -1;
  }

  /** Forgets a key; says whether it was remembered. */
  delete(hash: number): boolean {
    const entry = this.#find(hash);
    if (entry === -1) return false;
    this.#gone[this.#table[entry]! - 1] = 1;
    this.#unindex(entry);
    this.#alive--;
    return true;
  }

  clear(): void {
    this.#table.fill(0);
    this.#from = this.#length = this.#alive = 0;
  }

  /** Forgets the key that left first. */
  forgetOldest(): void {
    if (this.#alive > 0) this.#forgetOldest();
  }

  #forgetOldest(): void {
    const mask = this.#ring.length - 1;
    for (;;) {
      const at = this.#from;
      this.#from = (at + 1) & mask;
      this.#length--;
      if (this.#gone[at] === 1) continue;
      this.#unindex(this.#find(this.#ring[at]!));
      this.#alive--;
      return;
    }
  }

  /** Doubles the ring when it is full of the living; otherwise only leaves out those that were taken back. */
  #rebuild(): void {
    const capacity = this.#alive * 2 > this.#ring.length ? this.#ring.length * 2 : this.#ring.length;
    const old = { ring: this.#ring, gone: this.#gone, from: this.#from, length: this.#length };
    this.#ring = new Uint32Array(capacity);
    this.#gone = new Uint8Array(capacity);
    this.#table = new Uint32Array(capacity * 2);
    this.#from = this.#length = 0;
    for (let i = 0; i < old.length; i++) {
      const at = (old.from + i) & (old.ring.length - 1);
      if (old.gone[at] === 1) continue;
      this.#ring[this.#length] = old.ring[at]!;
      this.#index(old.ring[at]!, this.#length++);
    }
  }

  #find(hash: number): number {
    const mask = this.#table.length - 1;
    for (let entry = spread(hash) & mask; this.#table[entry] !== 0; entry = (entry + 1) & mask)
      if (this.#ring[this.#table[entry]! - 1] === hash) return entry;
    return -1;
  }

  #index(hash: number, at: number): void {
    const mask = this.#table.length - 1;
    let entry = spread(hash) & mask;
    while (this.#table[entry] !== 0) entry = (entry + 1) & mask;
    this.#table[entry] = at + 1;
  }

  /** Frees a place of the index, and moves back those behind it that a probe would no longer reach. */
  #unindex(hole: number): void {
    const mask = this.#table.length - 1;
    for (let entry = (hole + 1) & mask; this.#table[entry] !== 0; entry = (entry + 1) & mask) {
      const home = spread(this.#ring[this.#table[entry]! - 1]!) & mask;
      if (((entry - home) & mask) < ((entry - hole) & mask)) continue;
      this.#table[hole] = this.#table[entry]!;
      hole = entry;
    }
    this.#table[hole] = 0;
  }
}

/** Fibonacci hashing: callers may hold keys of one shard, or of one sample, whose low bits are alike. */
function spread(hash: number): number {
  return Math.imul(hash, 0x9e37_79b1) >>> 8;
}
