import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { brotliCompressSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { decodeHeaders, type Batch } from '#libs/contracts';
import { aBatch, aCacheWindow, aMetric, anEmitter } from '#libs/contracts/testing';
import { EventLogError, LogFullError, type EventLog } from '#libs/event-log';
import { ApiKeys, createKey } from '#libs/operations';
import { LagCheck } from './publish/lag-check.js';
import { RunningCollector, type Answer, type RunningOptions } from './testing/running-collector.js';
import { withAppend } from './testing/with-append.js';

const HOUR = 3_600_000;
let sequence = 0;

/** A batch of now, with an identity of its own. */
const fresh = (over: Partial<Batch> = {}): Batch => {
  const end = Math.floor(Date.now() / 1_000) * 1_000;
  return aBatch({ sequence: sequence++, sentAt: end, events: [aCacheWindow({ end })], ...over });
};
const now = () => Math.floor(Date.now() / 1_000) * 1_000;

function expectProblem(answer: Answer, status: number, code: string): void {
  expect(answer.json).toMatchObject({ type: `urn:alperf:problem:${code}`, status });
  expect(answer.status).toBe(status);
  expect(answer.headers['content-type']).toBe('application/problem+json');
  expect(answer.json['detail']).toEqual(expect.stringMatching(/^\S.*\.$/));
  expect(answer.json['remedy']).toEqual(expect.stringMatching(/^\S.*\.$/));
}

const withCollector = async (options: RunningOptions, use: (collector: RunningCollector) => Promise<void>) => {
  const collector = await RunningCollector.start(options);
  try {
    await use(collector);
  } finally {
    await collector.stop();
  }
};

describe('POST /v1/events', () => {
  let collector: RunningCollector;
  beforeAll(async () => {
    collector = await RunningCollector.start({
      config: { caps: { services: 10, names: 3, labelValues: 2, total: 1_000, rotateMs: HOUR } },
    });
  });
  afterAll(() => collector.stop());

  const recordOf = async (batch: Batch) => {
    const found = (await collector.records()).filter((one) => decodeHeaders(one.headers).sequence === batch.sequence);
    expect(found).toHaveLength(1);
    return { record: found[0]!, headers: decodeHeaders(found[0]!.headers) };
  };

  it.each([
    ['identity', (bytes: Buffer) => bytes],
    ['gzip', (bytes: Buffer) => gzipSync(bytes)],
    ['zstd', (bytes: Buffer) => zstdCompressSync(bytes)],
    ['br', (bytes: Buffer) => brotliCompressSync(bytes)],
  ] as const)('passes the bytes of a %s batch on unchanged', async (encoding, encode) => {
    const batch = fresh();
    // Spaces and an escape that no encoder here would write: only unchanged bytes keep them.
    const plain = Buffer.from(JSON.stringify(batch, undefined, 1).replace('covers', '\\u0063overs'));
    const body = encode(plain);
    const before = Date.now();
    const answer = await collector.send(body, encoding === 'identity' ? {} : { 'content-encoding': encoding });
    expect(answer.json).toEqual({ accepted: 1, rejected: [], unknownFields: 0, capped: 0 });
    expect(answer.status).toBe(202);
    const { record, headers } = await recordOf(batch);
    expect(Buffer.compare(record.value, body)).toBe(0);
    expect(record.key).toBe(batch.emitter.instance);
    expect(headers).toEqual({
      v: 1,
      sequence: batch.sequence,
      acceptedAt: headers.acceptedAt,
      events: 1,
      encoding,
      hash: createHash('sha256').update(plain).digest('hex'),
    });
    expect(headers.acceptedAt).toBeGreaterThanOrEqual(before);
  });

  it('takes the good events of a batch, names the others, and keeps them for the dead letters', async () => {
    const end = now();
    const late = aCacheWindow({ end: end - 49 * HOUR });
    const early = aCacheWindow({ end: end + 10 * 60_000 });
    const wrong = { ...aCacheWindow({ end }), tier: 'a person’s name', windowMs: 7 };
    const batch = fresh({
      events: [late, aCacheWindow({ end }), wrong as never, aCacheWindow({ end, cache: 'pages' }), early],
    });
    const { status, json } = await collector.send(zstdCompressSync(JSON.stringify(batch)), {
      'content-encoding': 'zstd',
    });
    expect(status).toBe(202);
    expect(json).toMatchObject({ accepted: 2, unknownFields: 0 });
    const rejected = json['rejected'] as { index: number; pointer: string; reason: string }[];
    expect(rejected.map(({ index, pointer }) => [index, pointer])).toEqual([
      [0, '/events/0/end'],
      [2, '/events/2/windowMs'],
      [4, '/events/4/end'],
    ]);
    expect(rejected[0]!.reason).toContain('48 h');

    const { record, headers } = await recordOf(batch);
    expect(headers).toMatchObject({ encoding: 'zstd', events: 2, indexes: [1, 3] });
    expect(headers.hash).toBe(createHash('sha256').update(JSON.stringify(batch)).digest('hex'));
    const value = JSON.parse(zstdDecompressSync(record.value).toString()) as Batch;
    expect(value).toEqual({ ...batch, events: [batch.events[1], batch.events[3]] });
    expect(headers.rejections!.map(({ index }) => index)).toEqual([0, 2, 4]);
    expect(JSON.parse(headers.rejections![0]!.event!)).toEqual(late);
    expect(JSON.parse(headers.rejections![1]!.event!)).toEqual({ ...aCacheWindow({ end }), tier: '', windowMs: 7 });
  });

  it('writes a batch of which nothing was accepted, for its dead letters', async () => {
    const batch = fresh({ events: [null, 7] as never });
    const { json } = await collector.send(JSON.stringify(batch));
    expect(json).toMatchObject({ accepted: 0 });
    const { headers } = await recordOf(batch);
    expect(headers).toMatchObject({ events: 0, indexes: [] });
    expect(headers.rejections).toHaveLength(2);
  });

  it('keeps at most 100 rejected events and says how many more there were', async () => {
    const batch = fresh({ events: Array.from({ length: 130 }, () => ({ kind: 'x'.repeat(3_000) })) as never });
    const { json } = await collector.send(JSON.stringify(batch));
    expect(json['rejected']).toHaveLength(130);
    const { headers } = await recordOf(batch);
    expect(headers.rejections).toHaveLength(100);
    expect(headers.rejections!.at(-1)!.reason).toContain('30 more');
  });

  it('leaves out unknown fields, counted, and labels that are not on the list', async () => {
    const metric = { ...aMetric({ time: now(), labels: { route: '/a', person: 'Ada' } }), mood: 'fine' };
    const batch = fresh({ events: [metric] });
    const { json } = await collector.send(JSON.stringify(batch));
    expect(json).toEqual({ accepted: 1, rejected: [], unknownFields: 2, capped: 0 });
    const { record, headers } = await recordOf(batch);
    expect(headers.indexes).toBeUndefined();
    const value = JSON.parse(zstdDecompressSync(record.value).toString()) as Batch;
    expect(value.events).toEqual(
      [aMetric({ time: now(), labels: { route: '/a' } })].map((one) => ({ ...one, time: metric.time })),
    );
  });

  it('counts what is over a cap under __other__', async () => {
    const time = now();
    const labels = ['a', 'b', 'c', 'd'].map((code) => aMetric({ time, name: 'requests', labels: { code } }));
    const emitter = anEmitter({ service: 'capped' });
    const batch = fresh({ emitter, events: labels });
    expect((await collector.send(JSON.stringify(batch))).json).toMatchObject({ accepted: 4, capped: 2 });
    const { record } = await recordOf(batch);
    const value = JSON.parse(zstdDecompressSync(record.value).toString()) as { events: { labels: { code: string } }[] };
    expect(value.events.map((one) => one.labels.code)).toEqual(['a', 'b', '__other__', '__other__']);
  });

  it('takes an empty batch as a heartbeat', async () => {
    const batch = fresh({ events: [] });
    expect((await collector.send(JSON.stringify(batch))).status).toBe(202);
    expect((await recordOf(batch)).headers.events).toBe(0);
  });

  it('takes a beacon, without its first line', async () => {
    const batch = fresh();
    const body = `{"key":"who.knows"}\n${JSON.stringify(batch)}`;
    const answer = await collector.send(body, { 'content-type': 'text/plain;charset=UTF-8' });
    expect(answer.status).toBe(202);
    const { record, headers } = await recordOf(batch);
    expect(Buffer.from(record.value).toString()).toBe(JSON.stringify(batch));
    expect(headers.encoding).toBe('identity');
  });

  it('answers 400 to what is no JSON, no UTF-8, no batch, of a newer schema, or broken in its encoding', async () => {
    for (const [body, detail, type] of [
      ['{', 'The body ends before its JSON does, at line 1, column 2.'],
      ['{"schema": 1,\n "secret": secret}', 'The body is not JSON from line 2, column 12 on.'],
      ['', 'The body is empty.'],
      [Buffer.from([0x22, 0xff, 0x22]), 'The body is not UTF-8 from its byte 2 on.'],
      ['{}\n{"schema": 1]', 'The body is not JSON from line 2, column 13 on.', 'text/plain'],
    ] as const) {
      const answer = await collector.send(body, type === undefined ? {} : { 'content-type': type });
      expectProblem(answer, 400, 'INVALID_JSON');
      expect(answer.json['detail']).toBe(detail);
    }
    expectProblem(await collector.send('{}'), 400, 'INVALID_BATCH');
    expectProblem(await collector.send('{}', { 'content-type': 'text/plain' }), 400, 'INVALID_BATCH');
    const list = await collector.send('[]');
    expectProblem(list, 400, 'INVALID_BATCH');
    expect(list.json).toMatchObject({ detail: 'The body must be one batch, a JSON object.' });
    expectProblem(await collector.send(JSON.stringify({ ...fresh(), schema: 2 })), 400, 'SCHEMA_TOO_NEW');
    for (const encoding of ['gzip', 'zstd', 'br'])
      expectProblem(await collector.send('not it', { 'content-encoding': encoding }), 400, 'BROKEN_ENCODING');
  });

  it('answers 404 elsewhere, and 405 with Allow to other methods', async () => {
    expectProblem(await collector.send(undefined, {}, { method: 'GET', path: '/nowhere' }), 404, 'NOT_FOUND');
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH']) {
      const answer = await collector.send(undefined, {}, { method });
      expectProblem(answer, 405, 'METHOD_NOT_ALLOWED');
      expect(answer.headers.allow).toBe('POST, OPTIONS');
    }
  });

  it('answers 413 to what is larger than 1 MiB, announced or not', async () => {
    const large = Buffer.alloc(1_048_577, 0x20);
    expectProblem(await collector.send(large, { 'content-length': large.length }), 413, 'TOO_LARGE');
    expectProblem(await collector.send(large, { 'transfer-encoding': 'chunked' }), 413, 'TOO_LARGE');
    expectProblem(
      await collector.send(Buffer.alloc(70_000), { 'content-type': 'text/plain', 'content-length': 70_000 }),
      413,
      'TOO_LARGE',
    );
  });

  it('answers 415 to other types and encodings', async () => {
    for (const type of ['text/html', 'application/json; charset=latin1', 'multipart/form-data', ''])
      expectProblem(await collector.send('{}', { 'content-type': type }), 415, 'TYPE_NOT_SUPPORTED');
    for (const encoding of ['deflate', 'gzip, gzip', 'constructor'])
      expectProblem(await collector.send('{}', { 'content-encoding': encoding }), 415, 'ENCODING_NOT_SUPPORTED');
  });

  it('answers 403 to another Host and to pages of other origins', async () => {
    expectProblem(await collector.send('{}', { host: 'evil.example' }), 403, 'HOST_NOT_ALLOWED');
    expectProblem(await collector.send('{}', { origin: 'https://evil.example' }), 403, 'ORIGIN_NOT_ALLOWED');
    expectProblem(await collector.send('{}', { 'sec-fetch-site': 'cross-site' }), 403, 'ORIGIN_NOT_ALLOWED');
  });

  it('answers the desktop app, its preflight too', async () => {
    const origin = 'tauri://localhost';
    const preflight = await collector.send(
      undefined,
      { origin, 'access-control-request-method': 'POST' },
      { method: 'OPTIONS' },
    );
    expect(preflight.status).toBe(204);
    expect(preflight.headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'POST',
      'access-control-max-age': '7200',
    });
    const answer = await collector.send(JSON.stringify(fresh()), { origin });
    expect(answer.status).toBe(202);
    expect(answer.headers['access-control-allow-origin']).toBe(origin);
    const refused = await collector.send('{', { origin });
    expect(refused.headers['access-control-allow-origin']).toBe(origin);
  });

  it('logs no address and no key', async () => {
    await collector.send('{', { authorization: 'Bearer who.knows' });
    expect(JSON.stringify(collector.logger.lines)).not.toMatch(/127\.0\.0\.1|who\.knows/);
  });
});

describe('A collector with keys', () => {
  const writer = createKey({ id: 'writer', scopes: ['write'], services: ['library-api'] });
  const reader = createKey({ id: 'reader', scopes: ['read'] });
  const keys = new ApiKeys([writer.entry, reader.entry]);
  const bearer = (text: string) => ({ authorization: `Bearer ${text}` });
  let collector: RunningCollector;
  beforeAll(async () => {
    collector = await RunningCollector.start({
      access: { keys: () => keys, origins: ['https://library.example'] },
      config: { rate: { eventsPerSecond: 1, bytesPerSecond: 1e9, burstSeconds: 6 } },
    });
  });
  afterAll(() => collector.stop());

  it('answers 401 without a key that is in force, and 403 without its scope or for another service', async () => {
    const missing = await collector.send('{}');
    expectProblem(missing, 401, 'KEY_MISSING');
    expect(missing.headers['www-authenticate']).toBe('Bearer');
    expectProblem(await collector.send('{}', bearer('nobody.nothing')), 401, 'KEY_UNKNOWN');
    expectProblem(await collector.send('{}', bearer(reader.text)), 403, 'SCOPE_MISSING');
    const foreign = fresh({ emitter: anEmitter({ service: 'another' }) });
    expectProblem(await collector.send(JSON.stringify(foreign), bearer(writer.text)), 403, 'SERVICE_NOT_ALLOWED');
    expect(await collector.records()).toEqual([]);
  });

  it('takes the key of a beacon from its first line', async () => {
    const type = { 'content-type': 'text/plain', origin: 'https://library.example' };
    const batch = fresh();
    expectProblem(await collector.send(`{}\n${JSON.stringify(batch)}`, type), 401, 'KEY_MISSING');
    const answer = await collector.send(`${JSON.stringify({ key: writer.text })}\n${JSON.stringify(batch)}`, type);
    expect(answer.status).toBe(202);
    expect(JSON.stringify((await collector.records()).map(({ value }) => Buffer.from(value).toString()))).not.toContain(
      writer.text,
    );
  });

  it('answers 429 with Retry-After to a key that sends too much, and to no other', async () => {
    const end = now();
    const batch = fresh({ events: Array.from({ length: 20 }, () => aCacheWindow({ end })) });
    expect((await collector.send(JSON.stringify(batch), bearer(writer.text))).status).toBe(202);
    const refused = await collector.send(JSON.stringify(fresh()), bearer(writer.text));
    expectProblem(refused, 429, 'RATE_LIMITED');
    const seconds = Number(refused.headers['retry-after']);
    expect(seconds).toBeGreaterThanOrEqual(10);
    expect(seconds).toBeLessThanOrEqual(20);
    expectProblem(await collector.send('{}', bearer(reader.text)), 403, 'SCOPE_MISSING');
  });
});

describe('A collector whose log fails', () => {
  const failing = (error: Error) => ({
    wrapLog: (log: EventLog) => withAppend(log, async () => Promise.reject(error)),
  });

  it.each([
    ['LOG_FULL', 'that it is full', new LogFullError('full'), 503],
    ['LOG_UNAVAILABLE', 'that it is unavailable', new EventLogError('LOG_UNAVAILABLE', 'no broker answers', true), 503],
    ['LOG_UNAVAILABLE', 'anything else', new Error('something else'), 503],
    ['TOO_LARGE', 'that a record is too large', new EventLogError('RECORD_TOO_LARGE', 'too large', false), 413],
  ])('answers %s when the log rejects with %s', async (code, _, error, status) => {
    await withCollector(failing(error), async (collector) => {
      const answer = await collector.send(JSON.stringify(fresh()));
      expectProblem(answer, status, code);
      if (status === 503) expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    });
  });

  it('refuses before any work while the aggregators are close to losing records', async () => {
    class Behind extends LagCheck {
      problem = () => 'Partition 0 is far behind.';
    }
    await withCollector({ lagCheck: new Behind() }, async (collector) => {
      expectProblem(await collector.send(JSON.stringify(fresh())), 503, 'LAG_NEAR_RETENTION');
      expect(await collector.records()).toEqual([]);
    });
  });

  it('answers 503 when too many bytes are on their way', async () => {
    let letGo = () => {};
    const held = new Promise<void>((resolve) => (letGo = resolve));
    const wrapLog = (log: EventLog) => withAppend(log, (append) => held.then(append));
    await withCollector({ wrapLog, config: { maxInFlightBytes: 1_000 } }, async (collector) => {
      const body = JSON.stringify(fresh());
      const first = collector.send(body.padEnd(900), { 'content-length': 900 });
      while (!(await collector.metrics.exposition()).includes('collector_in_flight_bytes 900'))
        await collector.send(undefined, {}, { method: 'GET' });
      const refused = await collector.send(body.padEnd(900), { 'content-length': 900 });
      expectProblem(refused, 503, 'OVERLOADED');
      letGo();
      expect((await first).status).toBe(202);
      expect((await collector.send(body, { 'content-length': body.length })).status).toBe(202);
    });
  });
});
