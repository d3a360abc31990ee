import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { createHash } from 'node:crypto';
import {
  brotliCompressSync,
  brotliDecompressSync,
  gunzipSync,
  gzipSync,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib';
import { checkBatch, decodeHeaders, type Batch } from '#libs/contracts';
import { anyBatch } from '#libs/contracts/testing';
import { RunningCollector, type Answer } from './testing/running-collector.js';

const encoders = { identity: (b: Buffer) => b, gzip: gzipSync, zstd: zstdCompressSync, br: brotliCompressSync };
const decoders = {
  identity: (b: Uint8Array) => b,
  gzip: gunzipSync,
  zstd: zstdDecompressSync,
  br: brotliDecompressSync,
};
type Encoding = keyof typeof encoders;
const ENCODINGS = Object.keys(encoders) as Encoding[];

let collector: RunningCollector;
let seen = 0;
beforeAll(async () => {
  collector = await RunningCollector.start({
    config: { rate: { eventsPerSecond: Infinity, bytesPerSecond: Infinity, burstSeconds: 1 } },
  });
});
afterAll(() => collector.stop());

/** Whatever was sent: an answer below 500, a body that says what it was; in the log one whole batch after 202, or nothing. */
async function holds(answer: Answer): Promise<void> {
  expect([202, 400, 413, 415]).toContain(answer.status);
  const records = await collector.records();
  expect(records).toHaveLength(answer.status === 202 ? seen + 1 : seen);
  if (answer.status !== 202) {
    expect(answer.json).toMatchObject({ status: answer.status, remedy: expect.any(String) as unknown });
    return;
  }
  seen = records.length;
  const latest = records.reduce((a, b) =>
    decodeHeaders(b.headers).acceptedAt >= decodeHeaders(a.headers).acceptedAt ? b : a,
  );
  const headers = decodeHeaders(latest.headers);
  const decoded = Buffer.from(decoders[headers.encoding](latest.value));
  const checked = checkBatch(JSON.parse(decoded.toString()));
  expect(checked).toMatchObject({ ok: true, changed: false });
  const events = (checked as { batch: Batch }).batch.events.length;
  expect(headers.events).toBe(events);
  expect(answer.json['accepted']).toBe(events);
  if (
    headers.indexes === undefined &&
    headers.rejections === undefined &&
    answer.json['unknownFields'] === 0 &&
    answer.json['capped'] === 0
  )
    expect(headers.hash).toBe(createHash('sha256').update(decoded).digest('hex'));
  expect(headers.indexes?.length ?? events).toBe(events);
}

/** A batch of now as JSON, with some of its text replaced, doubled, or cut out. */
const mutatedJson = fc
  .tuple(
    anyBatch({ from: Date.now() - 3_600_000, to: Date.now(), maxEvents: 5 }),
    fc.array(
      fc.record({
        at: fc.nat(),
        cut: fc.nat(12),
        put: fc.constantFrom(
          '',
          '"',
          '{',
          '}',
          '[',
          ',',
          '0',
          '-1',
          '1e999',
          'null',
          '"__proto__":1,',
          '\\u0000',
          '\ud800',
        ),
      }),
      { maxLength: 3 },
    ),
  )
  .map(([batch, edits]) =>
    edits.reduce((text, { at, cut, put }) => {
      const start = at % (text.length + 1);
      return text.slice(0, start) + put + text.slice(start + cut);
    }, JSON.stringify(batch)),
  );

describe('POST /v1/events, whatever is sent', () => {
  it('takes whole batches or none of mutated JSON', async () => {
    await fc.assert(
      fc.asyncProperty(mutatedJson, fc.constantFrom(...ENCODINGS), async (text, encoding) => {
        await holds(await collector.send(encoders[encoding](Buffer.from(text)), { 'content-encoding': encoding }));
      }),
      { numRuns: 300 },
    );
    // Some runs must have got through, or the property has shown nothing.
    expect(seen).toBeGreaterThan(20);
  });

  it('takes whole batches or none of events that are any JSON', async () => {
    const batch = anyBatch({ maxEvents: 0 });
    await fc.assert(
      fc.asyncProperty(batch, fc.array(fc.jsonValue()), fc.jsonValue(), async (header, events, more) => {
        await holds(await collector.send(JSON.stringify({ ...header, events, more })));
      }),
    );
  });

  it('takes nothing of raw bytes under any type and encoding', async () => {
    const type = fc.constantFrom(
      'application/json',
      'text/plain',
      'application/octet-stream',
      'text/plain;charset=UTF-8',
    );
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 2_000 }),
        type,
        fc.constantFrom(...ENCODINGS, 'deflate'),
        async (bytes, contentType, encoding) => {
          await holds(await collector.send(bytes, { 'content-type': contentType, 'content-encoding': encoding }));
        },
      ),
    );
  });

  it('takes nothing of a truncated or damaged encoding, unless the damage changed no byte of JSON', async () => {
    const encodings = ENCODINGS.filter((one) => one !== 'identity');
    await fc.assert(
      fc.asyncProperty(
        anyBatch({ from: Date.now() - 3_600_000, to: Date.now() }),
        fc.constantFrom(...encodings),
        fc.nat(),
        fc.option(fc.integer({ min: 1, max: 255 })),
        async (batch, encoding, at, flip) => {
          const body = Buffer.from(encoders[encoding](Buffer.from(JSON.stringify(batch))));
          const place = at % body.length;
          if (flip !== null) body[place]! ^= flip;
          const answer = await collector.send(flip === null ? body.subarray(0, place) : body, {
            'content-encoding': encoding,
          });
          if (flip === null) expect(answer.status).toBe(400);
          await holds(answer);
        },
      ),
    );
  });
});
