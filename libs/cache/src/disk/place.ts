import { createHash } from 'node:crypto';

/** LMDB takes keys of up to 1,978 bytes; the rest is for what is put before a place. */
const MAX_PLACE_BYTES = 1_900;
/** So much of a key that is too long stands at the beginning of its place, so that prefixes find it. */
const LEADING_BYTES = 1_800;
/** No UTF-8 has this byte: what comes after it is a hash. */
const HASH_FOLLOWS = 0xff;

/** A surrogate without its other half, which no UTF-8 has. */
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/**
 * Where the entry of a key is in LMDB: the key itself, in UTF-8; or, when it is too long or has none, its beginning and
 * its SHA-256. Places sort as the beginnings of their keys do.
 */
export function placeOf(key: string): Buffer {
  if (key !== '' && key.length <= MAX_PLACE_BYTES && key.isWellFormed()) {
    const bytes = Buffer.from(key);
    if (bytes.length <= MAX_PLACE_BYTES) return bytes;
  }
  const hash = createHash('sha256').update(Buffer.from(key, 'utf16le')).digest();
  return Buffer.concat([leadingBytes(key), Buffer.of(HASH_FOLLOWS), hash]);
}

/** The key that a place is of; undefined for a hash, whose entry has to tell it. */
export function keyAt(place: Buffer): string | undefined {
  return isHashed(place) ? undefined : place.toString();
}

export function isHashed(place: Buffer): boolean {
  return place.includes(HASH_FOLLOWS);
}

/** Where all keys with a prefix are; some without it may be there, too. */
export function placesOf(prefix: string): { readonly start?: Buffer; readonly end?: Buffer } {
  const start = leadingBytes(prefix);
  if (start.length === 0) return {};
  const end = Buffer.from(start);
  // It never carries over, since the highest byte of UTF-8 is 0xf4.
  end[end.length - 1]! += 1;
  return { start, end };
}

function leadingBytes(text: string): Buffer {
  const beginning = text.slice(0, LEADING_BYTES + 1);
  const lone = beginning.search(LONE_SURROGATE);
  return Buffer.from(lone === -1 ? beginning : beginning.slice(0, lone)).subarray(0, LEADING_BYTES);
}
