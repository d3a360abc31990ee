import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { brotliCompressSync, constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { aBatch, aCacheWindow } from '#libs/contracts/testing';
import { SystemClock } from '#libs/time';
import { RunningCollector } from './testing/running-collector.js';

let collector: RunningCollector;
const sockets: Socket[] = [];
const clock = new SystemClock();

beforeEach(async () => {
  collector = await RunningCollector.start({
    limits: { headersTimeoutMs: 300, requestTimeoutMs: 600, checkEveryMs: 50 },
  });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await collector.stop();
});

async function open(): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: collector.port });
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}

/** All that comes back until the other side closes. */
async function untilClosed(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('utf8').on('data', (part: string) => (text += part));
  await once(socket, 'close');
  return text;
}

async function stillServes(): Promise<void> {
  const end = Math.floor(Date.now() / 1_000) * 1_000;
  const { status } = await collector.send(JSON.stringify(aBatch({ events: [aCacheWindow({ end })] })));
  expect(status).toBe(202);
}

describe('The collector', () => {
  const bomb = Buffer.alloc(512 * 2 ** 20, 0x20);
  it.each([
    ['gzip', () => gzipSync(bomb)],
    ['zstd', () => zstdCompressSync(bomb)],
    ['br', () => brotliCompressSync(bomb, { params: { [constants.BROTLI_PARAM_QUALITY]: 2 } })],
  ])('answers 413 to a bomb of 512 MiB in %s, and spends neither time nor memory on it', async (encoding, make) => {
    const body = make();
    expect(body.length).toBeLessThan(1_048_576);
    const memory = process.memoryUsage().rss;
    const cpu = process.cpuUsage();
    for (let i = 0; i < 10; i++) {
      const answer = await collector.send(body, { 'content-encoding': encoding });
      expect(answer.json).toMatchObject({ type: 'urn:alperf:problem:TOO_LARGE', status: 413 });
    }
    const { user, system } = process.cpuUsage(cpu);
    expect((user + system) / 1_000 / 10).toBeLessThan(250);
    expect(process.memoryUsage().rss - memory).toBeLessThan(200 * 2 ** 20);
    await stillServes();
  });

  it.each(['gzip', 'zstd', 'br'])('decodes nothing for a beacon in %s, whose key would be inside', async (encoding) => {
    const answer = await collector.send('not even that', {
      'content-type': 'text/plain',
      'content-encoding': encoding,
    });
    expect(answer.json).toMatchObject({ type: 'urn:alperf:problem:ENCODING_NOT_SUPPORTED', status: 415 });
  });

  it('answers 400 to a zstd frame that asks for a window of gigabytes', async () => {
    const params = { [constants.ZSTD_c_windowLog]: 27, [constants.ZSTD_c_compressionLevel]: 1 };
    const body = zstdCompressSync(Buffer.alloc(4 * 2 ** 20, 0x20), { params });
    // The window descriptor follows the magic number and the frame header's descriptor: 2^41 bytes.
    const frame = Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xf8]), body.subarray(6)]);
    const answer = await collector.send(frame, { 'content-encoding': 'zstd' });
    expect(answer.json).toMatchObject({ type: 'urn:alperf:problem:BROKEN_ENCODING', status: 400 });
  });

  it.each([
    ['lists', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['objects', '{"a":'.repeat(100_000) + '1' + '}'.repeat(100_000)],
    ['lists never closed', '['.repeat(1_000_000)],
  ])('answers 400 to a body 100,000 %s deep', async (_, body) => {
    expect((await collector.send(body)).status).toBe(400);
    await stillServes();
  });

  it.each([
    ['an event', (deep: string) => `{"events":[${deep}]`],
    ['an unknown field of an event', (deep: string) => `{"events":[{"kind":"metric","x":${deep}}]`],
    ['a field of an event', (deep: string) => `{"events":[{"kind":"cache.window","requests":${deep}}]`],
    ['an unknown field of the batch', (deep: string) => `{"events":[],"x":${deep}`],
  ])('takes a batch with a bomb in %s for what it is', async (_, make) => {
    const { events: __, ...header } = aBatch();
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    const { status, json } = await collector.send(`${make(deep)},${JSON.stringify(header).slice(1)}`);
    expect(status).toBe(202);
    expect(json['accepted']).toBe(0);
    expect(await collector.records()).toHaveLength(1);
  });

  it('closes a connection that sends its headers too slowly, with 408', async () => {
    const socket = await open();
    const drip = async () => {
      for (const char of 'POST /v1/events HTTP/1.1\r\nHost: localhost\r\nX-Slow: '.padEnd(2_000, 'a')) {
        if (socket.destroyed || !socket.writable) return;
        socket.write(char);
        await clock.sleep(20);
      }
    };
    const [text] = await Promise.all([untilClosed(socket), drip()]);
    expect(text).toMatch(/^HTTP\/1\.1 408 /);
    expect(text).toContain('urn:alperf:problem:REQUEST_TIMEOUT');
    await stillServes();
  });

  it('closes a connection whose body never comes, with 408, and gives its room back', async () => {
    const socket = await open();
    socket.write(
      `POST /v1/events HTTP/1.1\r\nHost: 127.0.0.1:${collector.port}\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{`,
    );
    expect(await untilClosed(socket)).toContain('urn:alperf:problem:REQUEST_TIMEOUT');
    expect(await collector.metrics.exposition()).toContain('collector_in_flight_bytes 0');
    await stillServes();
  });

  it.each([
    ['no HTTP', 'what?\r\n\r\n', 400, 'MALFORMED_REQUEST'],
    [
      'headers of 20 KB',
      `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`,
      431,
      'HEADERS_TOO_LARGE',
    ],
    [
      'two lengths',
      'POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
      400,
      'MALFORMED_REQUEST',
    ],
    [
      'a path that cannot be decoded',
      'GET /%ff HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
      400,
      'MALFORMED_REQUEST',
    ],
  ])('answers a problem body to %s', async (_, request, status, code) => {
    const socket = await open();
    const text = untilClosed(socket);
    socket.write(request);
    expect(await text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(await text).toContain(`urn:alperf:problem:${code}`);
  });

  it('serves while 2,000 connections do nothing', async () => {
    const memory = process.memoryUsage().rss;
    for (let i = 0; i < 2_000; i += 100) await Promise.all(Array.from({ length: 100 }, open));
    for (let i = 0; i < 10; i++) await stillServes();
    expect(process.memoryUsage().rss - memory).toBeLessThan(200 * 2 ** 20);
  });
});

describe('A collector with a bound on connections', () => {
  it('closes those above it, and serves the others', async () => {
    await collector.stop();
    collector = await RunningCollector.start({ limits: { maxConnections: 20 } });
    const all = await Promise.all(Array.from({ length: 40 }, open));
    let closed = 0;
    const enough = new Promise<void>((resolve) => {
      for (const socket of all) socket.once('close', () => ++closed === 20 && resolve());
    });
    for (const socket of all) socket.on('error', () => undefined).resume();
    await enough;
    all.find((socket) => !socket.destroyed)!.destroy();
    let answered = false;
    while (!answered)
      answered = await collector.send('{}').then(
        ({ status }) => status === 400,
        () => false,
      );
  });
});
