import { SipHash } from './sip-hash.js';

/**
 * The salted hash of a key, 64 bits in two unsigned halves: hash once, keep it in the entry.
 * Sampling decides by `hi`. Whoever spreads keys over shards takes `lo`, never `hi`: a shard chosen by the bits that
 * sample would hold all of the sampled keys, or none.
 */
export interface KeyHash {
  readonly hi: number;
  readonly lo: number;
}

/** Hashes keys with a secret salt: one per deployment of a service, or per installation of an app. It is never sent. */
export class KeyHasher {
  readonly #sip: SipHash;

  /** `salt`: at least 16 random characters or bytes. A shorter one works, and is guessed as easily as it is short. */
  constructor(salt: string | Uint8Array) {
    this.#sip = new SipHash(keyFrom(salt));
  }

  /** O(length of the key); about 100 ns for a short one. */
  hash(key: string): KeyHash {
    this.#sip.hash(key);
    return { hi: this.#sip.hi, lo: this.#sip.lo };
  }
}

/** A hash as it travels: 16 lower-case hexadecimal digits. */
export function hashToHex({ hi, lo }: KeyHash): string {
  return hi.toString(16).padStart(8, '0') + lo.toString(16).padStart(8, '0');
}

/** The hash that 16 hexadecimal digits stand for. */
export function hashFromHex(hex: string): KeyHash {
  return { hi: Number.parseInt(hex.slice(0, 8), 16), lo: Number.parseInt(hex.slice(8, 16), 16) };
}

/** 16 bytes from a salt of any length: SipHash-2-4 of its hexadecimal form under two fixed keys. */
function keyFrom(salt: string | Uint8Array): Uint8Array {
  const bytes = typeof salt === 'string' ? new TextEncoder().encode(salt) : salt;
  const text = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  const key = new Uint8Array(16);
  const view = new DataView(key.buffer);
  for (const half of [0, 1]) {
    const sip = new SipHash(new Uint8Array(16).fill(half + 1), 2, 4);
    sip.hash(text);
    view.setUint32(half * 8, sip.lo, true);
    view.setUint32(half * 8 + 4, sip.hi, true);
  }
  return key;
}
