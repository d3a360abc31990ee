import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { aBatch, aMetric, anEmitter } from '#libs/contracts/testing';
import { argumentsOf, environmentOf } from '../compose/dockerfile-stages.js';
import { askSql, freePorts, ProductProcess, until, type Ended } from '../support/processes.js';

const CLI = 'apps/cli/src/main.js';

/** An address of this machine that a program bound to 127.0.0.1 does not answer at, as a container's loopback does not. */
const OUTSIDE =
  Object.values(networkInterfaces())
    .flatMap((some) => some ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.2';

describe('The image of all in one container, by its own environment and command, outside of one', () => {
  let folder: string;
  let env: Record<string, string>;
  let url: string;
  let port: number;
  let sqlUrl: string;
  let started: ProductProcess[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'alperf-image-'));
    const [http, sql] = await freePorts(2);
    port = http!;
    url = `http://${OUTSIDE}:${http}`;
    sqlUrl = `http://${OUTSIDE}:${sql}`;
    env = {
      ...environmentOf('standalone'),
      // What cannot be the same outside: the volume, and ports that others may hold.
      ALPERF_DATA_DIR: join(folder, 'data'),
      ALPERF_HTTP_PORT: String(http),
      ALPERF_SQL_PORT: String(sql),
    };
    started = [];
  });

  afterEach(async () => {
    await Promise.all(started.map((one) => one.end('SIGKILL')));
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  function launch(program: string, args: readonly string[], more: Record<string, string> = {}): ProductProcess {
    const launched = new ProductProcess(program.replace(/^dist\//, ''), args, { ...env, ...more });
    started.push(launched);
    return launched;
  }
  const alperf = (...args: string[]): Promise<Ended> => launch(CLI, args).ended();

  it('refuses to start without keys, and says how they are made', async () => {
    const [main] = argumentsOf('standalone', 'CMD');
    const { code, stderr, stdout } = await launch(main!, []).ended();
    expect(code).not.toBe(0);
    expect(stdout + stderr).toMatch(/npm run --silent alperf -- keys create .*ALPERF_KEYS_FILE/);
  });

  it('is reached from outside with a key, tells why an event was not taken, and drains', async () => {
    const keys = join(folder, 'keys.yaml');
    const made = await alperf('keys', 'create', '--id', 'first', '--scopes', 'admin', '--file', keys, '--json');
    const { key } = JSON.parse(made.stdout) as { key: string };
    const [main] = argumentsOf('standalone', 'CMD');
    const server = launch(main!, [], { ALPERF_KEYS_FILE: keys });
    await server.ready(url);

    const authorization = { authorization: `Bearer ${key}` };
    expect((await fetch(`${url}/v1/status`)).status).toBe(401);
    expect((await fetch(`${url}/v1/status`, { headers: authorization })).status).toBe(200);
    const now = Math.floor(Date.now());
    const posted = await fetch(`${url}/v1/events`, {
      method: 'POST',
      headers: { ...authorization, 'content-type': 'application/json' },
      body: JSON.stringify(
        aBatch({
          emitter: anEmitter({ instance: randomUUID() }),
          sentAt: now,
          events: [aMetric({ time: now }), { ...aMetric({ time: now }), value: 'much' } as never],
        }),
      ),
    });
    expect([posted.status, await posted.json()]).toMatchObject([202, { accepted: 1, rejected: [{ index: 1 }] }]);

    await until(
      async () => (await askSql(sqlUrl, 'SELECT idx FROM dead_letters', key)).length > 0,
      30_000,
      () => `the dead letter is stored: ${server.said}`,
    );
    const letters = (...args: string[]) =>
      alperf('dead-letters', 'list', ...args, '--endpoint', url, '--key', key, '--json');
    const listed = await letters();
    expect(JSON.parse(listed.stdout)).toMatchObject({
      deadLetters: [{ cause: 'rejected', event: { kind: 'metric' } }],
    });
    const summary = await letters('--summary');
    expect(JSON.parse(summary.stdout)).toMatchObject({
      causes: [{ cause: 'rejected', letters: 1, reasons: [{ letters: 1, reason: expect.stringContaining('number') }] }],
    });

    const [, probe, address] = argumentsOf('standalone', 'HEALTHCHECK');
    const health = await launch(`../${probe}`, [address!.replace(':8080', `:${port}`)]).ended();
    expect(health).toMatchObject({ code: 0, stderr: '' });
    expect(await server.end('SIGTERM')).toMatchObject({ code: 0 });
  }, 60_000);
});
