import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import { randomUUID } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
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

  /** Ten batches of an emitter of its own. */
  const postTen = async ({ url }: Standalone) => {
    const time = Math.floor(clock.now());
    const instance = randomUUID();
    for (let sequence = 0; sequence < 10; sequence++) {
      const events = [{ kind: 'metric', time, name: 'hello_total', type: 'counter', value: 1 }];
      const emitter = { service: 'test', instance, version: '1' };
      const response = await fetch(`${url}/v1/events`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ schema: 1, emitter, sequence, sentAt: time, events }),
      });
      expect(response.status).toBe(202);
    }
  };
  const ask = async ({ sqlUrl }: Pick<Standalone, 'sqlUrl'>, body: string, signal?: AbortSignal) => {
    const response = await fetch(sqlUrl, { method: 'POST', body, ...(signal !== undefined && { signal }) });
    return (await response.text()).trim();
  };
  const count = (standalone: Standalone) => ask(standalone, 'SELECT count() FROM metric_events');

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
    await postTen(first);
    expect(await first.stop()).toEqual({ clean: true, failed: [] });

    const second = await start();
    for (let waited = 0; (await count(second)) !== '10' && waited < 100; waited++) await clock.sleep(100);
    expect(await count(second)).toBe('10');
    expect((await fetch(`${second.url}/ready`)).status).toBe(200);
  }, 60_000);

  it('counts on while people ask for more than the engine can interrupt, and soon answers them again', async () => {
    const standalone = await start();
    const times = (many: number, statement: string) => Array.from({ length: many }, () => statement);
    const attack = async (statements: readonly string[]) => {
      const gone = new AbortController();
      const asked = statements.map((statement) => ask(standalone, statement, gone.signal).catch(() => 'gone'));
      await clock.sleep(600);
      gone.abort();
      return Promise.all(asked);
    };
    // Eight that would each run on for half a minute.
    await attack([
      ...times(
        3,
        'SELECT arrayLevenshteinDistance(range(200000), arrayReverse(range(200000))) SETTINGS max_execution_time = 2',
      ),
      ...times(3, "SELECT editDistance(repeat('ab', 100000), repeat('ba', 100000))"),
      ...times(2, 'SELECT arraySort(x -> sipHash64(x), range(20000000))'),
    ]);
    const since = clock.monotonic();
    expect(await ask(standalone, 'SELECT 1')).toBe('1');
    expect(clock.monotonic() - since).toBeLessThan(2_000);

    // As many as may be, of what is let through.
    expect(await attack(times(8, 'SELECT length(arraySort(x -> sipHash64(x), range(3000000)))'))).toContain('gone');
    await postTen(standalone);
    for (let waited = 0; (await count(standalone)) !== '10' && waited < 100; waited++) await clock.sleep(100);
    expect(await count(standalone)).toBe('10');
  }, 120_000);

  it('refuses a data directory that is in use, and leaves the one that has it alone', async () => {
    const first = await start();
    await expect(start()).rejects.toThrow(DirectoryLockedError);
    expect((await fetch(`${first.url}/health`)).status).toBe(200);
  }, 60_000);

  it('names the directory and who has it, not a port, when it is started a second time as it was', async () => {
    const first = await start();
    const [httpPort, sqlPort] = [first.url, first.sqlUrl].map((url) => Number(new URL(url).port)) as [number, number];
    await expect(start({ httpPort, sqlPort })).rejects.toThrow(
      `${join(directory, 'data')} is in use by process ${process.pid}. ` +
        'Stop that process, or choose another directory (ALPERF_DATA_DIR).',
    );
    expect((await fetch(`${first.url}/health`)).status).toBe(200);
  }, 60_000);

  it('tells the addresses at which it answers, also bound to an IPv6 address', async () => {
    const hasIpv6 = Object.values(networkInterfaces()).some((some) => some?.some(({ address }) => address === '::1'));
    if (!hasIpv6) {
      process.stderr.write(
        'This machine has no ::1: what is told of an IPv6 address was checked without a server only.\n',
      );
      return;
    }
    const { url, sqlUrl } = await start({ bind: '::1' });
    expect(url).toMatch(/^http:\/\/\[::1\]:\d+$/);
    expect((await fetch(`${url}/health`)).status).toBe(200);
    expect(await ask({ sqlUrl }, 'SELECT 1')).toBe('1');
  }, 60_000);

  it('refuses to be reached from other machines without keys, and leaves nothing behind', async () => {
    await expect(start({ bind: '0.0.0.0' })).rejects.toThrow(SettingsError);
    expect(existsSync(join(directory, 'data'))).toBe(false);
  });

  it('serves what its OpenAPI document says and, but for refusals, nothing else', async () => {
    const served = new Set<string>();
    const asDocumented = (url: string) => url.replace('*', '{file}').replaceAll(/:(\w+)/g, '{$1}');
    // Fastify tells of each instance before it has a route.
    const watch = (message: unknown) =>
      (message as { fastify: FastifyInstance }).fastify.addHook('onRoute', ({ method, url }) => {
        for (const one of [method].flat()) served.add(`${one.toLowerCase()} ${asDocumented(url)}`);
      });
    subscribe('fastify.initialization', watch);
    const { url } = await start().finally(() => unsubscribe('fastify.initialization', watch));
    const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: Record<string, object> };
    const documented = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(documented.filter((one) => !served.has(one))).toEqual([]);
    // A GET has its HEAD with it.
    const expected = [...documented, ...documented.map((one) => one.replace(/^get /, 'head '))];
    expect([...served].filter((one) => !expected.includes(one))).toEqual([]);

    const ask = async (method: string, path: string) => {
      const answer = await fetch(`${url}${path}`, { method });
      // The stream has no end of its own.
      await answer.body?.cancel();
      return answer;
    };
    for (const path of Object.keys(paths)) {
      const taken = [...served]
        .filter((one) => one.endsWith(` ${path}`))
        .map((one) => one.split(' ')[0]!.toUpperCase());
      for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
        if (taken.includes(method)) continue;
        const { status, headers } = await ask(method, path);
        expect([method, path, status, headers.get('allow')]).toEqual([method, path, 405, taken.join(', ')]);
      }
      if (taken.includes('HEAD')) expect((await ask('HEAD', path)).status).toBe((await ask('GET', path)).status);
    }
  }, 60_000);

  it('tells of a taken port although nobody can say who has the data', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    await mkdir(join(directory, 'data'));
    await writeFile(join(directory, 'data', 'alperf.lock'), 'this is no lock, and long enough to be none. '.repeat(50));
    try {
      await expect(start({ httpPort: port })).rejects.toMatchObject({ code: 'EADDRINUSE', port });
    } finally {
      other.close();
    }
  }, 60_000);

  it.each(['httpPort', 'sqlPort'])(
    'leaves nothing behind when its %s is taken, and starts later',
    async (setting) => {
      const other = createServer().listen(0, '127.0.0.1');
      await once(other, 'listening');
      const { port } = other.address() as AddressInfo;
      try {
        await expect(start({ [setting]: port })).rejects.toMatchObject({ code: 'EADDRINUSE', port });
        expect(existsSync(join(directory, 'data'))).toBe(false);
      } finally {
        other.close();
      }
      const again = await start();
      expect((await fetch(`${again.url}/ready`)).status).toBe(200);
    },
    60_000,
  );
});
