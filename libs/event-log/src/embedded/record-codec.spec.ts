import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeKey, decodeRecord, encodeKey, encodeRecord, placeOf, type RecordKey } from './record-codec.js';

const aKey: fc.Arbitrary<RecordKey> = fc.record({
  topicId: fc.nat({ max: 2 ** 32 - 1 }),
  partition: fc.nat({ max: 2 ** 16 - 1 }),
  offset: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  size: fc.nat({ max: 2 ** 32 - 1 }),
  appendedAt: fc.nat({ max: 2 ** 52 }),
});

it('gives back every key, and sorts keys by topic, partition and offset, each after the place it has', () => {
  fc.assert(
    fc.property(aKey, aKey, (a, b) => {
      expect(decodeKey(encodeKey(a))).toEqual(a);
      const order = a.topicId - b.topicId || a.partition - b.partition || Number(a.offset - b.offset);
      if (order !== 0) expect(Math.sign(Buffer.compare(encodeKey(a), encodeKey(b)))).toBe(Math.sign(order));
      const place = placeOf(a.topicId, a.partition, a.offset);
      expect(Buffer.compare(place, encodeKey(a))).toBe(-1);
      if (order < 0) expect(Buffer.compare(encodeKey(a), placeOf(b.topicId, b.partition, b.offset))).toBe(-1);
    }),
  );
});

it('gives back every record, lone surrogates and odd header names included', () => {
  const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.constant('\ud800'), fc.constant('__proto__'));
  fc.assert(
    fc.property(
      aKey,
      anyText,
      fc.uint8Array({ maxLength: 300 }),
      fc.array(fc.tuple(anyText, anyText)),
      (place, key, value, pairs) => {
        const headers = Object.fromEntries(pairs);
        const decoded = decodeRecord(encodeKey(place), encodeRecord({ key, value, headers }));
        expect(decoded).toMatchObject({
          partition: place.partition,
          offset: place.offset,
          appendedAt: place.appendedAt,
        });
        expect(decoded.key).toBe(key);
        expect(Object.entries(decoded.headers)).toEqual(Object.entries(headers));
        expect(Buffer.compare(decoded.value, value)).toBe(0);
      },
    ),
  );
});
