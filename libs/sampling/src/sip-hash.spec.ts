import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SipHash } from './sip-hash.js';

const MASK = 0xffff_ffff_ffff_ffffn;
const rotate = (x: bigint, by: bigint) => ((x << by) | (x >> (64n - by))) & MASK;

/** SipHash-c-d as the paper writes it, on 64-bit integers. */
function reference(key: Uint8Array, input: Uint8Array, c: number, d: number): bigint {
  const keys = new DataView(key.buffer, key.byteOffset);
  const [k0, k1] = [keys.getBigUint64(0, true), keys.getBigUint64(8, true)];
  let v0 = k0 ^ 0x736f6d6570736575n;
  let v1 = k1 ^ 0x646f72616e646f6dn;
  let v2 = k0 ^ 0x6c7967656e657261n;
  let v3 = k1 ^ 0x7465646279746573n;
  const rounds = (count: number) => {
    for (let i = 0; i < count; i++) {
      v0 = (v0 + v1) & MASK;
      v1 = rotate(v1, 13n) ^ v0;
      v0 = rotate(v0, 32n);
      v2 = (v2 + v3) & MASK;
      v3 = rotate(v3, 16n) ^ v2;
      v0 = (v0 + v3) & MASK;
      v3 = rotate(v3, 21n) ^ v0;
      v2 = (v2 + v1) & MASK;
      v1 = rotate(v1, 17n) ^ v2;
      v2 = rotate(v2, 32n);
    }
  };
  const padded = new Uint8Array(Math.floor(input.length / 8) * 8 + 8);
  padded.set(input);
  padded[padded.length - 1] = input.length;
  const view = new DataView(padded.buffer);
  for (let at = 0; at < padded.length; at += 8) {
    const word = view.getBigUint64(at, true);
    v3 ^= word;
    rounds(c);
    v0 ^= word;
  }
  v2 ^= 0xffn;
  rounds(d);
  return v0 ^ v1 ^ v2 ^ v3;
}

const paperKey = Uint8Array.from({ length: 16 }, (_, i) => i);
const hashOf = (sip: SipHash, text: string) => {
  sip.hash(text);
  return (BigInt(sip.hi) << 32n) | BigInt(sip.lo);
};
const ascii = (length: number) => String.fromCharCode(...Array.from({ length }, (_, i) => i));

describe('SipHash', () => {
  it('gives the vectors of the paper and of its reference code (2-4)', () => {
    const sip = new SipHash(paperKey, 2, 4);
    expect(hashOf(sip, '')).toBe(0x726fdb47dd0e0e31n);
    expect(hashOf(sip, ascii(15))).toBe(0xa129ca6149be45e5n);
  });

  it("gives the first vector of Rust's standard library (1-3)", () => {
    expect(hashOf(new SipHash(paperKey), '')).toBe(0xabac0158050fc4dcn);
  });

  it('equals the 64-bit definition on the UTF-8 of any text, lone surrogates included', () => {
    const anyText = fc.oneof(
      fc.string({ maxLength: 40 }),
      fc.string({ unit: 'grapheme', maxLength: 40 }),
      fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
    );
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), anyText, (key, text) => {
        const bytes = new TextEncoder().encode(text);
        expect(hashOf(new SipHash(key), text)).toBe(reference(key, bytes, 1, 3));
        expect(hashOf(new SipHash(key, 2, 4), text)).toBe(reference(key, bytes, 2, 4));
      }),
      { numRuns: 300 },
    );
  });
});
