import { ALL_SAMPLED, sampleOf } from '#libs/cache-policies';
import type { SampledHash } from '#libs/contracts';

/** Ghosts kept at most. When there would be more, half of the keys are chosen no longer. */
const MOST_GHOSTS = 1_024;
const FIRST_CAPACITY = 64;
const GONE = -1;

/**
 * Hashes of what was evicted last, as much as the tier holds: a miss on one of them is a hit that a tier of twice the size
 * would have had. Exactly so for LRU, whose evicted entries are those that follow in its order; about so for others. All
 * keys are looked at while the ghosts are few; then those with `sampleOf(hash)` below `threshold`, each of which stands
 * for `weight` keys (spatial sampling, SHARDS). At most some 80 KB. Every operation is O(1), amortized.
 */
export class Ghosts {
  /** Keys with `sampleOf(hash.hi)` below it are looked at. */
  threshold = ALL_SAMPLED;
  #halvings = 0;
  /** Where each is in the ring. */
  readonly #at = new Map<number, number>();
  #names = new Int32Array(FIRST_CAPACITY);
  #highs = new Uint32Array(FIRST_CAPACITY);
  #bytes = new Float64Array(FIRST_CAPACITY);
  #until = new Float64Array(FIRST_CAPACITY);
  /** Places in the ring, counted on: the oldest, and the next. */
  #head = 0;
  #tail = 0;
  #totalBytes = 0;

  /** How often the keys that are looked at were halved: each stands for 2 to that power. */
  get halvings(): number {
    return this.#halvings;
  }

  get size(): number {
    return this.#at.size;
  }

  /** An entry was evicted; had it stayed, it could be answered until that time. The limits are the tier's. */
  add(hash: SampledHash, bytes: number, until: number, maxEntries: number, maxBytes: number): void {
    if (sampleOf(hash.hi) >= this.threshold) return;
    this.forget(hash);
    if (this.#tail - this.#head === this.#names.length) this.#makeRoom();
    if (sampleOf(hash.hi) >= this.threshold) return;
    const place = this.#tail++ & (this.#names.length - 1);
    const name = nameOf(hash);
    this.#names[place] = name;
    this.#highs[place] = hash.hi;
    this.#bytes[place] = bytes;
    this.#until[place] = until;
    this.#totalBytes += bytes;
    this.#at.set(name, place);
    const share = 2 ** -this.#halvings;
    while (this.#at.size > maxEntries * share || this.#totalBytes > maxBytes * share) this.#dropOldest();
  }

  /** Whether a key that was missed is among them, and would still be answered. */
  has(hash: SampledHash, now: number): boolean {
    const place = this.#at.get(nameOf(hash));
    return place !== undefined && this.#until[place]! > now;
  }

  /** For how many misses one on this key stands that a tier of twice the size would have answered: 0 for none. */
  hits(hash: SampledHash, now: number): number {
    return sampleOf(hash.hi) < this.threshold && this.has(hash, now) ? 2 ** this.#halvings : 0;
  }

  /** The key is held again, or may not be answered any more. */
  forget(hash: SampledHash): void {
    const place = this.#at.get(nameOf(hash));
    if (place !== undefined) this.#remove(place);
  }

  clear(): void {
    this.#at.clear();
    this.#head = this.#tail = this.#totalBytes = 0;
  }

  #remove(place: number): void {
    this.#at.delete(this.#names[place]!);
    this.#names[place] = GONE;
    this.#totalBytes -= this.#bytes[place]!;
  }

  #dropOldest(): void {
    const place = this.#head++ & (this.#names.length - 1);
    if (this.#names[place] !== GONE) this.#remove(place);
  }

  /** Leaves out those that are gone; when they are few, doubles the ring, or else halves the keys. */
  #makeRoom(): void {
    const [names, highs, bytes, until] = [this.#names, this.#highs, this.#bytes, this.#until];
    const mask = names.length - 1;
    const isFull = this.#at.size * 2 > names.length;
    const capacity = isFull && names.length < MOST_GHOSTS ? names.length * 2 : names.length;
    if (isFull && capacity === names.length) {
      this.#halvings++;
      this.threshold /= 2;
    }
    const [head, tail] = [this.#head, this.#tail];
    this.clear();
    this.#names = new Int32Array(capacity);
    this.#highs = new Uint32Array(capacity);
    this.#bytes = new Float64Array(capacity);
    this.#until = new Float64Array(capacity);
    for (let i = head; i < tail; i++) {
      const name = names[i & mask]!;
      if (name === GONE || sampleOf(highs[i & mask]!) >= this.threshold) continue;
      const place = this.#tail++;
      this.#names[place] = name;
      this.#highs[place] = highs[i & mask]!;
      this.#bytes[place] = bytes[i & mask]!;
      this.#until[place] = until[i & mask]!;
      this.#totalBytes += bytes[i & mask]!;
      this.#at.set(name, place);
    }
  }
}

/** 30 bits of a hash, others than those that sample: a small integer, which a Map finds in a third of the time. One miss in a million is taken for another. */
function nameOf({ lo }: SampledHash): number {
  return lo >>> 2;
}
