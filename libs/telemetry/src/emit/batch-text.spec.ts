import { describe, expect, it } from '@jest/globals';
import { MAX_BATCH_BYTES, MAX_BATCH_EVENTS, SCHEMA_VERSION } from '#libs/contracts';
import fc from 'fast-check';
import { HARD_LIMITS } from '../hard-limits.js';
import { batchBytes, BatchWriter, chunkOf, halvesOf, utf8Bytes, WRITTEN_SCHEMA } from './batch-text.js';

const header = {
  emitter: { service: 's', instance: '00000000-0000-4000-8000-000000000000', version: '1' },
  sequence: 3,
  sentAt: 5,
};
const event = fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.double(), fc.constant(',\n')));

describe('A batch as text', () => {
  it('is JSON of the header and the events, and comes apart into two halves between events without parsing', () => {
    fc.assert(
      fc.property(fc.array(fc.array(event)), (slices) => {
        const texts = slices.map((events) => events.map((one) => JSON.stringify(one)));
        const lines = texts.flat();
        const bytes = batchBytes(header, texts.map(chunkOf));
        expect(JSON.parse(new TextDecoder().decode(bytes))).toEqual({
          schema: SCHEMA_VERSION,
          ...header,
          events: lines.map((line) => JSON.parse(line) as unknown),
        });
        const halves = halvesOf(bytes);
        const text = halves.map((half) => new TextDecoder().decode(half.bytes));
        expect(text.join(',\n')).toBe(lines.join(',\n'));
        const sizes = lines.length < 2 ? [lines.length] : [lines.length >> 1, (lines.length + 1) >> 1];
        expect(halves.map(({ events }) => events)).toEqual(sizes.filter((size) => size > 0));
        expect(text.map((half) => half.split(',\n').length)).toEqual(halves.map(({ events }) => events));
      }),
    );
  });

  it('is the same when written slice by slice into memory that is used again', () => {
    const writer = new BatchWriter(1_000);
    fc.assert(
      fc.property(fc.array(fc.array(event)), (slices) => {
        const texts = slices.map((events) => events.map((one) => JSON.stringify(one)));
        writer.begin();
        for (const lines of texts) writer.write(lines, Buffer.byteLength(lines.join('')));
        expect(writer.finish(header)).toEqual(batchBytes(header, texts.map(chunkOf)));
      }),
    );
  });

  it('loses its first events without losing room, and is whole all the same', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ lines: fc.array(event), skip: fc.nat(6) }), { maxLength: 30 }), (steps) => {
        const writer = new BatchWriter(1_000);
        let left: string[] = [];
        for (const { lines, skip } of steps) {
          const texts = lines.map((one) => JSON.stringify(one));
          writer.write(texts, Buffer.byteLength(texts.join('')));
          writer.skip(skip);
          left = [...left, ...texts].slice(skip);
          const front = writer.front(Infinity);
          expect(new TextDecoder().decode(front.bytes)).toBe(left.join(',\n'));
          expect([front.events, writer.events, writer.bytes]).toEqual([left.length, left.length, front.bytes.length]);
        }
        expect(writer.finish(header)).toEqual(batchBytes(header, [chunkOf(left)]));
      }),
    );
    const writer = new BatchWriter(1_000);
    const line = JSON.stringify('x'.repeat(1_000));
    for (let i = 0; i < 10_000; i++) {
      writer.write([line], line.length);
      if (i > 10) writer.skip(1);
    }
    expect(writer.finish(header).buffer.byteLength).toBeLessThan(200_000);
  });

  it('is measured in bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(utf8Bytes(text)).toBe(Buffer.byteLength(text));
      }),
    );
  });

  it('keeps to what the contract allows', () => {
    expect(WRITTEN_SCHEMA).toBe(SCHEMA_VERSION);
    expect(HARD_LIMITS.batchEvents).toBeLessThanOrEqual(MAX_BATCH_EVENTS);
    // With header, separators and a batch that does not compress.
    expect(HARD_LIMITS.batchBytes + HARD_LIMITS.batchEvents * 2 + 2_000).toBeLessThanOrEqual(MAX_BATCH_BYTES);
  });
});
