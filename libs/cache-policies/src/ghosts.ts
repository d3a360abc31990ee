/** No ghost: ghosts lie from place 1 on. */
const NONE = 0;
const FIRST_CAPACITY = 64;
/** Ghosts that one operation forgets at most, beyond a limit that was lowered: no operation is long. */
const FORGOTTEN_AT_ONCE = 8;

/**
 * The last keys that left, by 32 bits of their hashes, in the order they left: 20 to 40 bytes a ghost. Two keys are taken
 * for one with a chance of (ghosts / 2³²). Operations are O(1) on average. None is long: the index grows by one bucket at
 * a time (linear hashing: Litwin, VLDB 1980), and only arrays of numbers are copied when they double, 20 MB (about 5 ms)
 * at a million ghosts.
 */
export class Ghosts {
  #hash = new Uint32Array(FIRST_CAPACITY);
  #newer = new Uint32Array(FIRST_CAPACITY);
  #older = new Uint32Array(FIRST_CAPACITY);
  /** The next ghost of the same bucket, or the next free place. */
  #chain = new Uint32Array(FIRST_CAPACITY);
  /** The first ghost of each bucket. */
  #heads = new Uint32Array(FIRST_CAPACITY);
  /** Buckets in use, and the greatest power of 2 that is not above. */
  #buckets = FIRST_CAPACITY;
  #round = FIRST_CAPACITY;
  #newest = NONE;
  #oldest = NONE;
  #free = NONE;
  #top = 1;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Remembers a key as the one that left last, and forgets the oldest beyond `most`, a few at a time. */
  add(hash: number, most: number): void {
    this.delete(hash);
    this.trim(most - 1);
    if (most < 1) return;
    const ghost = this.#take();
    this.#hash[ghost] = hash;
    this.#older[ghost] = this.#newest;
    this.#newer[ghost] = NONE;
    if (this.#newest === NONE) this.#oldest = ghost;
    else this.#newer[this.#newest] = ghost;
    this.#newest = ghost;
    const bucket = this.#bucketOf(hash);
    this.#chain[ghost] = this.#heads[bucket]!;
    this.#heads[bucket] = ghost;
    if (++this.#size > this.#buckets) this.#split();
  }

  has(hash: number): boolean {
    let ghost = this.#heads[this.#bucketOf(hash)]!;
    while (ghost !== NONE && this.#hash[ghost] !== hash) ghost = this.#chain[ghost]!;
    return ghost !== NONE;
  }

  /** Forgets a key; says whether it was remembered. */
  delete(hash: number): boolean {
    const bucket = this.#bucketOf(hash);
    let before = NONE;
    let ghost = this.#heads[bucket]!;
    while (ghost !== NONE && this.#hash[ghost] !== hash) {
      before = ghost;
      ghost = this.#chain[ghost]!;
    }
    if (ghost === NONE) return false;
    if (before === NONE) this.#heads[bucket] = this.#chain[ghost]!;
    else this.#chain[before] = this.#chain[ghost]!;
    const newer = this.#newer[ghost]!;
    const older = this.#older[ghost]!;
    if (newer === NONE) this.#newest = older;
    else this.#older[newer] = older;
    if (older === NONE) this.#oldest = newer;
    else this.#newer[older] = newer;
    this.#chain[ghost] = this.#free;
    this.#free = ghost;
    this.#size--;
    return true;
  }

  /** Forgets the oldest beyond `most`; not all at once, when they are many. */
  trim(most: number): void {
    for (let left = FORGOTTEN_AT_ONCE; left > 0 && this.#size > Math.max(0, most); left--)
      this.delete(this.#hash[this.#oldest]!);
  }

  /** Remembers what another one does, in its place. O(ghosts). */
  copy(from: Ghosts): void {
    this.#hash = from.#hash.slice();
    this.#newer = from.#newer.slice();
    this.#older = from.#older.slice();
    this.#chain = from.#chain.slice();
    this.#heads = from.#heads.slice();
    this.#buckets = from.#buckets;
    this.#round = from.#round;
    this.#newest = from.#newest;
    this.#oldest = from.#oldest;
    this.#free = from.#free;
    this.#top = from.#top;
    this.#size = from.#size;
  }

  clear(): void {
    this.#hash = new Uint32Array(FIRST_CAPACITY);
    this.#newer = new Uint32Array(FIRST_CAPACITY);
    this.#older = new Uint32Array(FIRST_CAPACITY);
    this.#chain = new Uint32Array(FIRST_CAPACITY);
    this.#heads = new Uint32Array(FIRST_CAPACITY);
    this.#buckets = this.#round = FIRST_CAPACITY;
    this.#newest = this.#oldest = this.#free = NONE;
    this.#top = 1;
    this.#size = 0;
  }

  #take(): number {
    const free = this.#free;
    if (free !== NONE) {
      this.#free = this.#chain[free]!;
      return free;
    }
    if (this.#top === this.#hash.length) {
      this.#hash = doubled(this.#hash);
      this.#newer = doubled(this.#newer);
      this.#older = doubled(this.#older);
      this.#chain = doubled(this.#chain);
    }
    return this.#top++;
  }

  #bucketOf(hash: number): number {
    const mixed = mix(hash);
    const bucket = mixed & (this.#round * 2 - 1);
    return bucket < this.#buckets ? bucket : mixed & (this.#round - 1);
  }

  /** One more bucket: the ghosts of one of the others that belong into it move. */
  #split(): void {
    const to = this.#buckets++;
    const from = to - this.#round;
    if (to === this.#heads.length) this.#heads = doubled(this.#heads);
    let ghost = this.#heads[from]!;
    this.#heads[from] = this.#heads[to] = NONE;
    if (this.#buckets === this.#round * 2) this.#round = this.#buckets;
    while (ghost !== NONE) {
      const next = this.#chain[ghost]!;
      const bucket = this.#bucketOf(this.#hash[ghost]!);
      this.#chain[ghost] = this.#heads[bucket]!;
      this.#heads[bucket] = ghost;
      ghost = next;
    }
  }
}

function doubled(from: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const to = new Uint32Array(from.length * 2);
  to.set(from);
  return to;
}

/** Callers may hold keys of one shard, or of one sample, some of whose bits are alike. */
function mix(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 16), 0x9e37_79b1);
  return mixed ^ (mixed >>> 15);
}
