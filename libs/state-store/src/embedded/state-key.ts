import { StateStoreError } from '../errors.js';

/** `[u16 length of the scope][scope][key]`, UTF-8: within a scope, keys sort by their bytes. */
export function encodeStateKey(scope: string, key: string): Buffer {
  const scopeBytes = Buffer.from(scope);
  const keyBytes = Buffer.from(key);
  const length = 2 + scopeBytes.length + keyBytes.length;
  if (scopeBytes.length === 0 || length > MAX_KEY_BYTES)
    throw new StateStoreError(
      'STATE_TOO_LARGE',
      `Scope and key have ${length - 2} bytes; they may have up to ${MAX_KEY_BYTES - 2}, and the scope not none.`,
      false,
    );
  const bytes = Buffer.allocUnsafe(length);
  bytes.writeUInt16BE(scopeBytes.length, 0);
  scopeBytes.copy(bytes, 2);
  keyBytes.copy(bytes, 2 + scopeBytes.length);
  return bytes;
}

export function decodeStateKey(bytes: Buffer): { scope: string; key: string } {
  const scopeEnd = 2 + bytes.readUInt16BE(0);
  return { scope: bytes.toString('utf8', 2, scopeEnd), key: bytes.toString('utf8', scopeEnd) };
}

/** The first key after all that start with `prefix`; undefined when there is none. */
export function endOfPrefix(prefix: Buffer): Buffer | undefined {
  const end = Buffer.from(prefix);
  for (let last = end.length - 1; last >= 0; last--)
    if (end[last]! < 0xff) {
      end[last]! += 1;
      return end.subarray(0, last + 1);
    }
  return undefined;
}

/** LMDB's own limit on keys is 1,978 bytes with its default page. */
const MAX_KEY_BYTES = 1_900;
