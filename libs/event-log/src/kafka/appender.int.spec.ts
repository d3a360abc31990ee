import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { SystemClock } from '#libs/time';
import { KafkaAppender, type AppenderOptions } from './appender.js';
import { kafkaClient } from './client.js';

const clock = new SystemClock();
const record = (bytes: number) => ({ key: 'a', value: Buffer.alloc(bytes), headers: {} });

describe('The appender on a broker that takes connections and never answers', () => {
  let server: Server;
  const sockets: Socket[] = [];
  beforeEach(async () => {
    server = createServer((socket) => sockets.push(socket.on('error', () => undefined))).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    server.close();
  });
  const appender = (options: Partial<AppenderOptions>) => {
    const brokers = [`127.0.0.1:${(server.address() as AddressInfo).port}`];
    const defaults = { lingerMs: 0, deliveryTimeoutMs: 200, maxRequestBytes: 1_000, maxBatchBytes: 10_000 };
    return new KafkaAppender(kafkaClient({ brokers, clientId: 'spec', requestTimeoutMs: 300 }), async () => 1, {
      clock,
      random: () => 0.5,
      maxQueueBytes: 10_000,
      ...defaults,
      ...options,
    });
  };

  it('waits longer and longer between requests, however fast the caller appends again', async () => {
    const one = appender({ deliveryTimeoutMs: 1 });
    const failures: unknown[] = [];
    for (const end = clock.monotonic() + 1_000; clock.monotonic() < end;)
      await one.append('t', [record(10)]).catch((error: unknown) => failures.push(error));
    await one.close();
    for (const failure of failures) expect(failure).toMatchObject({ code: 'LOG_UNAVAILABLE', retriable: true });
    // Without waits there would be hundreds; half of 50, 100, 200, … ms leaves about seven.
    expect(failures.length).toBeGreaterThan(1);
    expect(failures.length).toBeLessThan(15);
    expect(sockets.length).toBeLessThan(30);
  });

  it('takes no more bytes than it may hold, and takes more once those are settled', async () => {
    const one = appender({});
    const held = Array.from({ length: 5 }, () => one.append('t', [record(1_800)]));
    const settled = Promise.allSettled(held);
    await expect(one.append('t', [record(1_800)])).rejects.toMatchObject({
      code: 'LOG_UNAVAILABLE',
      retriable: true,
      message: expect.stringContaining('wait for the log already'),
    });
    for (const { status } of await settled) expect(status).toBe('rejected');
    await expect(one.append('t', [record(1_800)])).rejects.toMatchObject({
      message: expect.stringContaining('No answer within'),
    });
    await one.close();
  });

  it('rejects all that waits when it closes and the request under way fails', async () => {
    const one = appender({ maxQueueBytes: 1_000_000 });
    // One request each: one after another they would take 100 · 200 ms.
    const held = Promise.allSettled(Array.from({ length: 100 }, () => one.append('t', [record(1_800)])));
    await new Promise(setImmediate);
    const began = clock.monotonic();
    await one.close();
    expect(clock.monotonic() - began).toBeLessThan(5_000);
    for (const { status } of await held) expect(status).toBe('rejected');
    await expect(one.append('t', [record(1)])).rejects.toMatchObject({ code: 'LOG_CLOSED', retriable: false });
  });
});
