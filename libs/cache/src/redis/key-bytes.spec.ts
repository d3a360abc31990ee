import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fromBytes, toBytes } from './key-bytes.js';

/** Any sequence of UTF-16 units, of few kinds, so that beginnings meet. */
const aText = fc
  .array(fc.constantFrom('a', 'é', '\u0000', '\ud83c', '\udf88', '\ud7ff', '\uffff', '한', '🎈'), { maxLength: 8 })
  .map((units) => units.join(''));

it('writes every text down, and reads it again', () => {
  fc.assert(fc.property(aText, (text) => expect(fromBytes(toBytes(text))).toBe(text)));
});

it('begins as a prefix does exactly when the text does', () => {
  fc.assert(
    fc.property(aText, aText, (text, prefix) => {
      const bytes = toBytes(text);
      const beginning = toBytes(prefix);
      expect(bytes.subarray(0, beginning.length).equals(beginning)).toBe(text.startsWith(prefix));
    }),
  );
});

it('is plain UTF-8 for what is no surrogate', () => {
  expect(toBytes('key:ü한').equals(Buffer.from('key:ü한'))).toBe(true);
});
