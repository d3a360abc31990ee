import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeRow, readHead, readRow } from './row.js';

const aTime = fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.double({ noNaN: true }));
const aMeta = fc.record(
  {
    negative: fc.boolean(),
    storedAt: aTime,
    freshMs: aTime,
    staleMs: aTime,
    version: fc.string({ unit: 'binary' }),
    tags: fc.array(fc.string({ unit: 'binary' }), { maxLength: 3 }),
    loadMs: aTime,
    revalidateMs: aTime,
  },
  { requiredKeys: ['negative', 'storedAt', 'freshMs', 'staleMs'] },
);
const aRow = fc.record({
  key: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
  meta: aMeta,
  content: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
});

it('gives back what was written, whole or its head alone', () => {
  fc.assert(
    fc.property(aRow, ({ key, meta, content }) => {
      const row = encodeRow(key, meta, 7, content);
      expect(readRow(key, row)).toEqual({ meta, codec: 7, content });
      const head = row.subarray(0, row.length - content.length);
      expect(readHead(key, head)).toEqual({ meta, codec: 7, headBytes: head.length });
    }),
  );
});

it('reads no row that is cut, changed in any bit, or of another key', () => {
  fc.assert(
    fc.property(aRow, fc.nat(), ({ key, meta, content }, number) => {
      const row = encodeRow(key, meta, 7, content);
      const flipped = Buffer.from(row);
      flipped[(number >>> 3) % row.length]! ^= 1 << (number & 7);
      expect(readRow(key, flipped)).toBe('corrupt');
      if (content.length > 0) expect(readRow(key, row.subarray(0, row.length - 1))).toBe('corrupt');
      expect(readRow(key, row.subarray(0, number % 40))).toBe('corrupt');
      expect(readRow(Buffer.concat([key, Buffer.of(1)]), row)).toBe('corrupt');
    }),
  );
});
