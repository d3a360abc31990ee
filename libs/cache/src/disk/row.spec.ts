import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { keyAt, placeOf, placesOf } from './place.js';
import { draftRow, MAIN, moved, readRow, withPosition, type Row, type RowMeta } from './row.js';

const aKey = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ unit: fc.constantFrom('a', 'é', '\ud83c', '\udf88', '\u0000', '\uffff'), maxLength: 8 }),
  fc.tuple(fc.nat(400), fc.string({ unit: 'binary', maxLength: 3 })).map(([n, end]) => 'kü'.repeat(480 + n) + end),
);

describe('The place of a key', () => {
  it('is its own, and one that LMDB takes', () => {
    fc.assert(
      fc.property(aKey, aKey, (a, b) => {
        expect(placeOf(a).equals(placeOf(b))).toBe(a === b);
        expect(placeOf(a).length).toBeGreaterThan(0);
        expect(placeOf(a).length).toBeLessThanOrEqual(1_900);
        expect([a, undefined]).toContain(keyAt(placeOf(a)));
      }),
    );
  });

  it('is in the range of each of its beginnings', () => {
    fc.assert(
      fc.property(aKey, fc.nat(2_000), (key, length) => {
        const { start, end } = placesOf(key.slice(0, length));
        const place = placeOf(key);
        if (start !== undefined) expect(Buffer.compare(place, start)).toBeGreaterThanOrEqual(0);
        if (end !== undefined) expect(Buffer.compare(place, end)).toBeLessThan(0);
      }),
    );
  });
});

const aTime = fc.oneof(fc.nat(), fc.double({ min: 0, noNaN: true }), fc.constant(Number.POSITIVE_INFINITY));
const aText = fc.oneof(fc.string({ unit: 'binary' }), fc.constant('\ud800'));
const aMeta: fc.Arbitrary<RowMeta> = fc.record(
  {
    negative: fc.boolean(),
    storedAt: fc.nat(),
    freshMs: aTime,
    staleMs: aTime,
    version: aText,
    tags: fc.array(aText),
    loadMs: aTime,
    revalidateMs: aTime,
  },
  { requiredKeys: ['negative', 'storedAt', 'freshMs', 'staleMs'] },
);
const aNumber = fc.nat({ max: 2 ** 40 });
const aPosition = fc.record({
  id: aNumber,
  queue: fc.constantFrom(0 as const, 1 as const),
  seq: aNumber,
  weight: aNumber,
});
const content = fc.uint8Array({ maxLength: 700 });

describe('A row', () => {
  it('gives back all that was said of an entry, and its content when that is small', () => {
    fc.assert(
      fc.property(aKey, aMeta, aPosition, content, (key, meta, position, bytes) => {
        const place = placeOf(key);
        const written = withPosition(draftRow(place, key, meta, 7, bytes), position);
        const row = readRow(place, written) as Row;
        expect(row).toMatchObject({ key, codec: 7, ...position });
        expect(row.meta).toEqual(meta);
        expect(row.content === undefined).toBe(bytes.length > 512);
        if (row.content !== undefined) expect(Buffer.compare(row.content, bytes)).toBe(0);
        expect(readRow(place, moved(place, written, MAIN, 12))).toMatchObject({ ...position, queue: MAIN, seq: 12 });
      }),
    );
  });

  it('is not read with any bit of it flipped, cut, or in another place', () => {
    fc.assert(
      fc.property(aKey, aMeta, aPosition, content, fc.nat(), fc.nat(), (key, meta, position, bytes, at, bit) => {
        const place = placeOf(key);
        const written = withPosition(draftRow(place, key, meta, 7, bytes), position);
        expect(readRow(placeOf(`${key}x`), written)).toBe('corrupt');
        expect(readRow(place, written.subarray(0, at % written.length))).toBe('corrupt');
        written[at % written.length]! ^= 1 << (bit % 8);
        expect(readRow(place, written)).toBe('corrupt');
      }),
    );
  });
});
