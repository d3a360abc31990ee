/**
 * SipHash (Aumasson and Bernstein, 2012) in 32-bit arithmetic: a keyed pseudo-random function with a key of 128 bits
 * and an output of 64. Chosen over murmur3 and xxhash because those are not keyed in earnest: from a few hashes of
 * known keys their seed can be found and every other key guessed. `c` rounds per 8 bytes and `d` at the end: 2-4 is the
 * cautious choice, 1-3 the one of Rust's and Python's hash tables. Kept: 1-3,
 * at three quarters of the cost (112 ns against 147 for 15 characters).
 *
 * Input is the UTF-8 of a text, as TextEncoder makes it (lone surrogates become U+FFFD), so that any language can
 * compute the same hash.
 */
export class SipHash {
  /** High and low 32 bits of the last hash, unsigned. */
  hi = 0;
  lo = 0;
  readonly #k0h: number;
  readonly #k0l: number;
  readonly #k1h: number;
  readonly #k1l: number;
  readonly #c: number;
  readonly #d: number;
  #v0h = 0;
  #v0l = 0;
  #v1h = 0;
  #v1l = 0;
  #v2h = 0;
  #v2l = 0;
  #v3h = 0;
  #v3l = 0;

  /** `key`: 16 bytes, two little-endian words of 64 bits, as in the paper. */
  constructor(key: Uint8Array, c = 1, d = 3) {
    const view = new DataView(key.buffer, key.byteOffset, 16);
    this.#k0l = view.getUint32(0, true) | 0;
    this.#k0h = view.getUint32(4, true) | 0;
    this.#k1l = view.getUint32(8, true) | 0;
    this.#k1h = view.getUint32(12, true) | 0;
    this.#c = c;
    this.#d = d;
  }

  /** Hashes a text into `hi` and `lo`. O(length), no allocation. */
  hash(text: string): void {
    this.#v0h = this.#k0h ^ 0x736f6d65;
    this.#v0l = this.#k0l ^ 0x70736575;
    this.#v1h = this.#k1h ^ 0x646f7261;
    this.#v1l = this.#k1l ^ 0x6e646f6d;
    this.#v2h = this.#k0h ^ 0x6c796765;
    this.#v2l = this.#k0l ^ 0x6e657261;
    this.#v3h = this.#k1h ^ 0x74656462;
    this.#v3l = this.#k1l ^ 0x79746573;

    // Bytes gather in two words; each full pair is compressed.
    let low = 0;
    let high = 0;
    let bytes = 0;
    const { length } = text;
    for (let i = 0; i < length; i++) {
      let code = text.charCodeAt(i);
      let more = 0;
      let lead = code;
      if (code >= 0x80) {
        if (code >= 0xd800 && code < 0xe000) {
          const next = code < 0xdc00 && i + 1 < length ? text.charCodeAt(i + 1) : 0;
          if (next >= 0xdc00 && next < 0xe000) {
            code = 0x10000 + ((code - 0xd800) << 10) + (next - 0xdc00);
            i++;
          } else code = 0xfffd;
        }
        more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
        lead = more === 1 ? 0xc0 | (code >> 6) : more === 2 ? 0xe0 | (code >> 12) : 0xf0 | (code >> 18);
      }
      for (let byte = lead; ; byte = 0x80 | ((code >> (6 * more)) & 0x3f)) {
        if ((bytes & 4) === 0) low |= byte << ((bytes & 3) << 3);
        else high |= byte << ((bytes & 3) << 3);
        if ((++bytes & 7) === 0) {
          this.#compress(high, low);
          low = high = 0;
        }
        if (more-- === 0) break;
      }
    }
    this.#compress(high | (bytes << 24), low);
    this.#v2l ^= 0xff;
    for (let round = 0; round < this.#d; round++) this.#round();
    this.hi = (this.#v0h ^ this.#v1h ^ this.#v2h ^ this.#v3h) >>> 0;
    this.lo = (this.#v0l ^ this.#v1l ^ this.#v2l ^ this.#v3l) >>> 0;
  }

  #compress(high: number, low: number): void {
    this.#v3h ^= high;
    this.#v3l ^= low;
    for (let round = 0; round < this.#c; round++) this.#round();
    this.#v0h ^= high;
    this.#v0l ^= low;
  }

  /** One SipRound. The carry of an unsigned 32-bit sum is 1 when the sum is less than a summand. */
  #round(): void {
    let v0h = this.#v0h;
    let v0l = this.#v0l;
    let v1h = this.#v1h;
    let v1l = this.#v1l;
    let v2h = this.#v2h;
    let v2l = this.#v2l;
    let v3h = this.#v3h;
    let v3l = this.#v3l;
    let sum = (v0l + v1l) | 0;
    let h: number;
    v0h = (v0h + v1h + (sum >>> 0 < v0l >>> 0 ? 1 : 0)) | 0;
    v0l = sum;
    h = (v1h << 13) | (v1l >>> 19);
    v1l = ((v1l << 13) | (v1h >>> 19)) ^ v0l;
    v1h = h ^ v0h;
    h = v0l;
    v0l = v0h;
    v0h = h;

    sum = (v2l + v3l) | 0;
    v2h = (v2h + v3h + (sum >>> 0 < v2l >>> 0 ? 1 : 0)) | 0;
    v2l = sum;
    h = (v3h << 16) | (v3l >>> 16);
    v3l = ((v3l << 16) | (v3h >>> 16)) ^ v2l;
    v3h = h ^ v2h;

    sum = (v0l + v3l) | 0;
    v0h = (v0h + v3h + (sum >>> 0 < v0l >>> 0 ? 1 : 0)) | 0;
    v0l = sum;
    h = (v3h << 21) | (v3l >>> 11);
    v3l = ((v3l << 21) | (v3h >>> 11)) ^ v0l;
    v3h = h ^ v0h;

    sum = (v2l + v1l) | 0;
    v2h = (v2h + v1h + (sum >>> 0 < v2l >>> 0 ? 1 : 0)) | 0;
    v2l = sum;
    h = (v1h << 17) | (v1l >>> 15);
    v1l = ((v1l << 17) | (v1h >>> 15)) ^ v2l;
    v1h = h ^ v2h;
    h = v2l;
    v2l = v2h;
    v2h = h;

    this.#v0h = v0h;
    this.#v0l = v0l;
    this.#v1h = v1h;
    this.#v1l = v1l;
    this.#v2h = v2h;
    this.#v2l = v2l;
    this.#v3h = v3h;
    this.#v3l = v3l;
  }
}
