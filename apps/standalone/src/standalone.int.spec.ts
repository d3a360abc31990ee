import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import { randomUUID } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DirectoryLockedError, SettingsError } from '#libs/operations';
import { SystemClock } from '#libs/time';
import { startStandalone, type Standalone, type StandaloneOptions } from './standalone.js';

describe('Standalone', () => {
  const clock = new SystemClock();
  let directory: string;
  let running: Standalone[];
  const start = async (options: StandaloneOptions = {}) => {
    const dataDir = join(directory, 'data');
    const standalone = await startStandalone({ dataDir, httpPort: 0, sqlPort: 0, ...options });
    running.push(standalone);
    return standalone;
  };

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'alperf-standalone-'));
    running = [];
  });

  afterEach(async () => {
    await Promise.all(running.map((one) => one.stop()));
    await rm(directory, { recursive: true, force: true });
  }, 30_000);

  it('loses nothing that it answered 202 to when it is stopped at once and started again', async () => {
    const first = await start();
    const time = clock.now();
    const instance = randomUUID();
    for (let sequence = 0; sequence < 10; sequence++) {
      const events = [{ kind: 'metric', time: Math.floor(time), name: 'hello_total', type: 'counter', value: 1 }];
      const emitter = { service: 'test', instance, version: '1' };
      const response = await fetch(`${first.url}/v1/events`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ schema: 1, emitter, sequence, sentAt: Math.floor(time), events }),
      });
      expect(response.status).toBe(202);
    }
    expect(await first.stop()).toEqual({ clean: true, failed: [] });

    const second = await start();
    const ask = async () => {
      const response = await fetch(second.sqlUrl, { method: 'POST', body: 'SELECT count() FROM metric_events' });
      return (await response.text()).trim();
    };
    for (let waited = 0; (await ask()) !== '10' && waited < 100; waited++) await clock.sleep(100);
    expect(await ask()).toBe('10');
    expect((await fetch(`${second.url}/ready`)).status).toBe(200);
  }, 60_000);

  it('refuses a data directory that is in use, and leaves the one that has it alone', async () => {
    const first = await start();
    await expect(start()).rejects.toThrow(DirectoryLockedError);
    expect((await fetch(`${first.url}/health`)).status).toBe(200);
  }, 60_000);

  it('refuses to be reached from other machines without keys, and leaves nothing behind', async () => {
    await expect(start({ bind: '0.0.0.0' })).rejects.toThrow(SettingsError);
    expect(existsSync(join(directory, 'data'))).toBe(false);
  });

  it('serves what its OpenAPI document says and, but for refusals, nothing else', async () => {
    const served = new Set<string>();
    // Fastify tells of each instance before it has a route.
    const watch = (message: unknown) =>
      (message as { fastify: FastifyInstance }).fastify.addHook('onRoute', ({ method, url }) => {
        for (const one of [method].flat()) served.add(`${one.toLowerCase()} ${url.replace('*', '{file}')}`);
      });
    subscribe('fastify.initialization', watch);
    const { url } = await start().finally(() => unsubscribe('fastify.initialization', watch));
    const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: Record<string, object> };
    const documented = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(documented.filter((one) => !served.has(one))).toEqual([]);
    const refused: string[] = [];
    for (const one of served) {
      const [method, path] = one.split(' ') as [string, string];
      // A GET has its HEAD with it.
      if (documented.includes(one) || (method === 'head' && documented.includes(`get ${path}`))) continue;
      const { status } = await fetch(`${url}${path}`, { method: method.toUpperCase() });
      if (status === 405) refused.push(one);
      else expect([one, status]).toEqual(['in the OpenAPI document', 405]);
    }
    expect(refused.sort()).toEqual(['get', 'head', 'patch', 'put', 'delete'].map((one) => `${one} /v1/events`).sort());
  }, 60_000);

  it('lets go of everything when its port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    try {
      await expect(start({ httpPort: port })).rejects.toMatchObject({ code: 'EADDRINUSE', port });
    } finally {
      other.close();
    }
    const again = await start();
    expect((await fetch(`${again.url}/ready`)).status).toBe(200);
  }, 60_000);
});
