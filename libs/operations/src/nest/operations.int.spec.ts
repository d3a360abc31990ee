import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { Controller, Get } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { SystemClock } from '#libs/time';
import { Health } from '../health/health.js';
import { httpAdapter } from '../http/nest-adapter.js';
import { Metrics } from '../metrics/metrics.js';
import { RecordingLogger } from '../testing/recording-logger.js';
import { guardHost, NestLogger, OperationsModule, ProblemFilter, type HostGuardOptions } from './index.js';

/** A body that no parser here takes: what is refused is the method. */
const BROKEN = { 'content-type': 'text/odd' };

@Controller()
class Broken {
  @Get('broken')
  fail(): never {
    throw new Error('secret detail');
  }

  @Get(['files/*', 'things/:id'])
  found(): string {
    return 'found';
  }
}

describe('OperationsModule', () => {
  const clock = new SystemClock();
  let app: NestFastifyApplication;
  let url: string;
  let logger: RecordingLogger;
  let metrics: Metrics;
  let health: Health;

  const start = async (guard: HostGuardOptions) => {
    logger = new RecordingLogger();
    metrics = new Metrics({ process: true });
    health = new Health({ clock });
    const adapter = httpAdapter();
    guardHost(adapter, guard);
    app = await NestFactory.create<NestFastifyApplication>(
      {
        module: class App {},
        imports: [OperationsModule.register({ clock, logger, metrics, health })],
        controllers: [Broken],
      },
      adapter,
      { logger: new NestLogger(logger), bodyParser: false },
    );
    app.useGlobalFilters(new ProblemFilter(logger));
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
    health.started();
  };
  beforeEach(() => start({ bind: '127.0.0.1' }));

  afterEach(() => app.close());

  it('says that the process lives, whatever its dependencies do', async () => {
    health.add('log', () => Promise.reject(new Error('down')));
    const response = await fetch(`${url}/health`);
    expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }]);
  });

  it('closes although a connection has never sent a byte, and one that kept alive is idle', async () => {
    const { port } = new URL(url);
    await (await fetch(`${url}/health`)).text();
    const silent = connect(Number(port), '127.0.0.1');
    const ended = once(silent, 'close');
    await once(silent, 'connect');
    // The server has it, too, once it has answered one that came behind.
    await (await fetch(`${url}/health`)).text();
    await app.close();
    await ended;
    await start({ bind: '127.0.0.1' });
  });

  it('answers 503 with each dependency by name when one fails', async () => {
    health.add('log', async () => 'Durable.');
    expect((await fetch(`${url}/ready`)).status).toBe(200);
    health.add('clickhouse', () => Promise.reject(new Error('down')));
    const response = await fetch(`${url}/ready`);
    expect([response.status, await response.json()]).toMatchObject([
      503,
      { status: 'not_ready', checks: { log: { ok: true }, clickhouse: { ok: false, detail: 'down' } } },
    ]);
  });

  it("exposes its own metrics and the process's, and refuses names that break the rule", async () => {
    metrics.counter('collector_batches_total', 'Batches.', ['outcome']).inc({ outcome: 'accepted' }, 3);
    metrics.gauge('log_lag_records', 'Lag.', [], (gauge) => gauge.set(7));
    const response = await fetch(`${url}/metrics`);
    const text = await response.text();
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(text).toContain('collector_batches_total{outcome="accepted"} 3\n');
    expect(text).toContain('log_lag_records 7\n');
    expect(text).toContain('process_cpu_seconds_total');
    expect(() => metrics.counter('batches', 'x')).toThrow('_total');
    expect(() => metrics.gauge('logLag', 'x')).toThrow('snake_case');
    expect(() => metrics.gauge('log_lag_records', 'x')).toThrow();
  });

  const statusFor = (path: string, host: string, method = 'GET') =>
    new Promise<number>((resolve, reject) => {
      httpRequest(`${url}${path}`, { method, headers: { host } }, (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      })
        .on('error', reject)
        .end();
    });

  it.each(['/health', '/ready', '/metrics', '/broken', '/nowhere'])(
    'shows %s to programs of this machine, not to a page whose name leads to it',
    async (path) => {
      const { port } = new URL(url);
      expect(await statusFor(path, `evil.example:${port}`)).toBe(403);
      expect(await statusFor(path, '127.0.0.1')).toBe(403);
      const own = await Promise.all(
        [`127.0.0.1:${port}`, `LOCALHOST:${port}`, `[::1]:${port}`].map((host) => statusFor(path, host)),
      );
      expect(own).not.toContain(403);
    },
  );

  it.each([{ bind: '0.0.0.0' }, { bind: '127.0.0.1', needsKey: true }])(
    'answers probes under any name with %j',
    async (guard) => {
      await app.close();
      await start(guard);
      expect(await statusFor('/metrics', 'aggregator:9464')).toBe(200);
    },
  );

  it.each([
    ['POST', '/health'],
    ['DELETE', '/metrics'],
    ['PUT', '/ready?now'],
    ['OPTIONS', '/health'],
    ['PATCH', '/files/a/b.js'],
    ['DELETE', '/things/7'],
  ])('answers %s %s with 405, and with what the path takes', async (method, path) => {
    const response = await fetch(`${url}${path}`, { method, ...(method === 'POST' && { body: '{', headers: BROKEN }) });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect(await response.json()).toMatchObject({
      type: 'urn:alperf:problem:METHOD_NOT_ALLOWED',
      detail: `This path does not take ${method}.`,
    });
  });

  it('answers HEAD wherever GET is answered, with the same headers and no body', async () => {
    for (const path of ['/health', '/metrics', '/files/a/b.js', '/things/7']) {
      const [get, head] = await Promise.all([fetch(url + path), fetch(url + path, { method: 'HEAD' })]);
      expect([path, head.status, head.headers.get('content-type'), await head.text()]).toEqual([
        path,
        200,
        get.headers.get('content-type'),
        '',
      ]);
    }
  });

  it.each([
    ['GET', '/things'],
    ['POST', '/things/7/8'],
    ['GET', '/v1/event'],
  ])('answers %s %s with 404, and says where to look', async (method, path) => {
    const response = await fetch(`${url}${path}`, { method });
    expect(response.status).toBe(404);
    const { remedy } = (await response.json()) as { remedy: string };
    expect(remedy).toContain('/openapi.json');
    expect(remedy).not.toContain('post');
  });

  it('tells who may not ask at all nothing of what a path takes', async () => {
    const { port } = new URL(url);
    expect(await statusFor('/health', `evil.example:${port}`, 'POST')).toBe(403);
  });

  it('answers errors with a problem that gives nothing away, and logs them', async () => {
    const response = await fetch(`${url}/broken`);
    expect([response.status, response.headers.get('content-type')]).toEqual([500, 'application/problem+json']);
    expect(await response.text()).not.toContain('secret');
    expect(logger.lines.find(({ level }) => level === 'error')?.fields['error']).toMatchObject({
      message: 'secret detail',
    });
    const missing = await fetch(`${url}/nowhere`);
    expect([missing.status, await missing.json()]).toMatchObject([404, { type: 'urn:alperf:problem:NOT_FOUND' }]);
  });
});
