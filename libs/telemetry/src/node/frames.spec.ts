import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeFrames, encodeFrame } from './frames.js';

const frame = fc.record({
  kind: fc.constantFrom('batch' as const, 'acknowledged' as const),
  header: fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.nat())),
  body: fc.uint8Array({ maxLength: 60 }),
});
const plain = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown;

describe('Frames of a segment', () => {
  it('come back whole up to wherever the segment was cut off', () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 6 }), fc.double({ min: 0, max: 1, noNaN: true }), (frames, share) => {
        const encoded = frames.map(({ kind, header, body }) => encodeFrame(kind, header, body));
        const segment = Buffer.concat(encoded);
        const cut = Math.floor(segment.length * share);
        let whole = 0;
        for (let end = 0; whole < encoded.length && (end += encoded[whole]!.length) <= cut;) whole++;
        const decoded = [...decodeFrames(segment.subarray(0, cut))];
        expect(decoded.map(({ kind, header }) => [kind, plain(header)])).toEqual(
          frames.slice(0, whole).map(({ kind, header }) => [kind, plain(header)]),
        );
        decoded.forEach(({ bodyAt, bodyLength }, i) =>
          expect(segment.subarray(bodyAt, bodyAt + bodyLength).equals(frames[i]!.body)).toBe(true),
        );
      }),
    );
  });

  it('never take a damaged frame for a whole one', () => {
    fc.assert(
      fc.property(frame, fc.nat(), fc.integer({ min: 1, max: 255 }), ({ kind, header, body }, at, flip) => {
        const bytes = encodeFrame(kind, header, body);
        bytes[at % bytes.length]! ^= flip;
        expect([...decodeFrames(bytes)]).toEqual([]);
      }),
    );
  });

  it('are none in arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => [...decodeFrames(Buffer.from(bytes))].length === 0),
    );
  });
});
