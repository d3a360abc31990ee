import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { hashFromHex, hashToHex, KeyHasher } from './key-hasher.js';

describe('A key hasher', () => {
  it('gives these very hashes, in every version and on every platform', () => {
    const hasher = new KeyHasher('a salt for the golden vectors');
    const hashes = ['', 'a', 'document:42', 'größe', '本', '📚', 'x'.repeat(100)].map((key) =>
      hashToHex(hasher.hash(key)),
    );
    expect(hashes).toEqual(GOLDEN);
    expect(hashToHex(new KeyHasher(new Uint8Array([1, 2, 3])).hash('a'))).toBe(GOLDEN_BYTES);
  });

  it('takes a salt as text or as its UTF-8 bytes alike', () => {
    const bytes = new TextEncoder().encode('sälz');
    expect(new KeyHasher(bytes).hash('k')).toEqual(new KeyHasher('sälz').hash('k'));
  });

  it('gives other hashes under another salt', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (salt, other, key) => {
        fc.pre(salt !== other);
        expect(new KeyHasher(salt).hash(key)).not.toEqual(new KeyHasher(other).hash(key));
      }),
    );
  });

  it('travels as 16 hexadecimal digits and back', () => {
    const half = fc.integer({ min: 0, max: 0xffff_ffff });
    fc.assert(
      fc.property(half, half, (hi, lo) => {
        const hex = hashToHex({ hi, lo });
        expect(hex).toMatch(/^[0-9a-f]{16}$/);
        expect(hashFromHex(hex)).toEqual({ hi, lo });
      }),
    );
  });
});

const GOLDEN = [
  'b1cdf5ab3664ff65',
  '3e807421f76730ad',
  'a71d1a11758fc1e5',
  'dc2133d04ed51a52',
  '951067b86811c0cb',
  'fc6e31629a6a75e6',
  'bbc3c76f04a634ba',
];
const GOLDEN_BYTES = '9bf0365af6e85977';
