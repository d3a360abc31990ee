import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeStateKey, encodeStateKey, endOfPrefix } from './state-key.js';

const aScope = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 });
const aKey = fc.string({ unit: 'binary', maxLength: 20 });

it('gives back scope and key', () => {
  fc.assert(
    fc.property(aScope, aKey, (scope, key) => {
      expect(decodeStateKey(encodeStateKey(scope, key))).toEqual({ scope, key });
    }),
  );
});

it('puts exactly the keys of the scope that start with a prefix between the prefix and its end', () => {
  const near = fc.oneof(aScope, fc.constantFrom('a', 'ab', 'b'));
  fc.assert(
    fc.property(near, near, aKey, aKey, fc.boolean(), (scope, otherScope, prefix, rest, starts) => {
      const start = encodeStateKey(scope, prefix);
      const end = endOfPrefix(start)!;
      const key = starts ? prefix + rest : rest;
      const place = encodeStateKey(otherScope, key);
      const within = Buffer.compare(place, start) >= 0 && Buffer.compare(place, end) < 0;
      expect(within).toBe(
        otherScope === scope && Buffer.from(key).subarray(0, Buffer.byteLength(prefix)).equals(Buffer.from(prefix)),
      );
    }),
  );
});

it('knows that nothing comes after a prefix of the highest bytes', () => {
  expect(endOfPrefix(Buffer.from([0xff, 0xff]))).toBeUndefined();
  expect(endOfPrefix(Buffer.from([1, 0xff]))).toEqual(Buffer.from([2]));
});

it('refuses an empty scope, and keys that LMDB cannot hold', () => {
  expect(() => encodeStateKey('', 'key')).toThrow(expect.objectContaining({ code: 'STATE_TOO_LARGE' }));
  expect(() => encodeStateKey('scope', 'x'.repeat(2_000))).toThrow(
    expect.objectContaining({ code: 'STATE_TOO_LARGE' }),
  );
});
