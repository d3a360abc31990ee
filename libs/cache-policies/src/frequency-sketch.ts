const MOST = 15;
/** A sketch for fewer keys forgets too soon to be of use. */
const FEWEST_KEYS = 64;
/** The table of a small cache is not small: far more keys are counted than are held. */
const FEWEST_COUNTERS = 8_192;
/** Counters per key that the sketch is made for. */
const COUNTERS_PER_KEY = 8;
/** The counts are halved after so many additions per key, so that what was is forgotten. */
const ADDITIONS_PER_KEY = 20;
/** Counters that one addition halves, while they are being halved: no addition is long. */
const HALVED_AT_ONCE = 64;

/**
 * How often keys were used lately, about: a count-min sketch of 4 rows, counters up to 15 that are halved from time to
 * time. Cormode and Muthukrishnan 2005; Einziger, Friedman and Manes, "TinyLFU", ACM ToS 2017.
 */
export class FrequencySketch {
  #counters = new Uint8Array(FEWEST_COUNTERS);
  #mask = this.#counters.length - 1;
  #keys = FEWEST_KEYS;
  #additions = 0;
  /** Counters below it are yet to be halved. */
  #toHalve = 0;

  /**
   * Made for so many keys from now on; counts are kept. O(1), amortized: the table doubles now and then, and a table for
   * a million keys is 8 to 16 MB, copied in a few milliseconds. It never shrinks.
   */
  fit(keys: number): void {
    this.#keys = Math.max(FEWEST_KEYS, keys);
    if (this.#keys * COUNTERS_PER_KEY <= this.#counters.length) return;
    while (this.#toHalve > 0) this.#halve();
    const old = this.#counters;
    const size = 2 ** Math.ceil(Math.log2(this.#keys * COUNTERS_PER_KEY));
    this.#counters = new Uint8Array(size);
    // A counter's place is the low bits of its hash: the larger table holds each count at all the places it may now have.
    for (let at = 0; at < size; at += old.length) this.#counters.set(old, at);
    this.#mask = size - 1;
  }

  add(hash: number): void {
    const least = this.of(hash);
    if (least < MOST)
      for (let row = 0; row < 4; row++) {
        const at = this.#at(hash, row);
        if (this.#counters[at] === least) this.#counters[at]!++;
      }
    if (++this.#additions >= this.#keys * ADDITIONS_PER_KEY) {
      this.#additions >>= 1;
      this.#toHalve = this.#counters.length;
    }
    if (this.#toHalve > 0) this.#halve();
  }

  /** 0 to 15. */
  of(hash: number): number {
    let least = MOST;
    for (let row = 0; row < 4; row++) least = Math.min(least, this.#counters[this.#at(hash, row)]!);
    return least;
  }

  /** Counts what another one has counted, in its place. O(counters). */
  copy(from: FrequencySketch): void {
    this.#counters = from.#counters.slice();
    this.#mask = from.#mask;
    this.#keys = from.#keys;
    this.#additions = from.#additions;
    this.#toHalve = from.#toHalve;
  }

  clear(): void {
    this.#counters = new Uint8Array(FEWEST_COUNTERS);
    this.#mask = this.#counters.length - 1;
    this.#keys = FEWEST_KEYS;
    this.#additions = this.#toHalve = 0;
  }

  #at(hash: number, row: number): number {
    let mixed = Math.imul(hash ^ (row * 0x85eb_ca6b), 0x9e37_79b1);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0xc2b2_ae35);
    return (mixed ^ (mixed >>> 13)) & this.#mask;
  }

  #halve(): void {
    const from = Math.max(0, this.#toHalve - HALVED_AT_ONCE);
    for (let at = from; at < this.#toHalve; at++) this.#counters[at]! >>= 1;
    this.#toHalve = from;
  }
}
