import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AlertsAnswer } from '#libs/contracts';
import { askSql, freePorts, ProductProcess, statusOf, until } from '../support/processes.js';
import { between, seededRandom } from '../support/random.js';
import { reportOf } from '../support/replay-report.js';

const STANDALONE = 'apps/standalone/src/main.js';
const CLI = 'apps/cli/src/main.js';

describe('The product as a user runs it: one process, built, by its command', () => {
  let folder: string;
  let url: string;
  let sqlUrl: string;
  let env: Record<string, string>;
  let started: ProductProcess[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'alperf-e2e-'));
    const [http, sql] = await freePorts(2);
    url = `http://127.0.0.1:${http}`;
    sqlUrl = `http://127.0.0.1:${sql}`;
    env = { ALPERF_HTTP_PORT: String(http), ALPERF_SQL_PORT: String(sql), ALPERF_DATA_DIR: join(folder, 'data') };
    started = [];
  });

  afterEach(async () => {
    await Promise.all(started.map((one) => one.end('SIGKILL')));
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  function launch(program: string, args: readonly string[] = [], more: Record<string, string> = {}): ProductProcess {
    const launched = new ProductProcess(program, args, { ...env, ...more });
    started.push(launched);
    return launched;
  }

  async function start(): Promise<ProductProcess> {
    const server = launch(STANDALONE);
    await server.ready(url);
    return server;
  }

  const replay = (trace: string, ...args: string[]) =>
    launch(CLI, ['replay', trace, '--format', 'keys', '--endpoint', url, '--json', ...args]);

  function traceOf(requests: number, seed: number): string {
    const random = seededRandom(seed);
    const file = join(folder, `trace-${seed}.txt`);
    // Squared, so that some keys are asked for far more often than others.
    const keys = Array.from({ length: requests }, () => Math.floor(random() ** 2 * 5_000));
    writeFileSync(file, `${keys.join('\n')}\n`);
    return file;
  }

  it('replays a trace: what was emitted is what is stored; the page and SQL answer', async () => {
    await start();
    const report = await reportOf(replay(traceOf(50_000, 1), '--size', '500'));
    expect(report.equal).toBe(true);
    expect(report.stored.requests).toBe(50_000);
    expect(report.stored.hits).toBe(report.emitted.hits);

    const page = await fetch(`${url}/`);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(await page.text()).toContain('<script');

    const sum = 'SELECT sum(hits + misses) AS requests FROM cache_windows';
    const json = await fetch(sqlUrl, { method: 'POST', body: `${sum} FORMAT JSON` });
    const { data } = (await json.json()) as { data: { requests: string | number }[] };
    expect(Number(data[0]!.requests)).toBe(50_000);
    const csv = await fetch(sqlUrl, { method: 'POST', body: `${sum} FORMAT CSVWithNames` });
    expect((await csv.text()).replaceAll('\r', '')).toBe('"requests"\n50000\n');
  }, 120_000);

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'loses nothing when the server goes away by %s in the middle of a replay and comes back',
    async (signal) => {
      const first = await start();
      const replaying = replay(traceOf(20_000, 2), '--size', '500', '--rate', '4000');
      const seen = async () => {
        const [row] = await askSql<{ n: string }>(sqlUrl, 'SELECT count() AS n FROM cache_windows');
        return Number(row!.n) > 0;
      };
      await until(seen, 30_000, () => `the first window is stored: ${first.said}`);
      expect(replaying.hasEnded).toBe(false);
      const { code } = await first.end(signal);
      expect(code).toBe(signal === 'SIGTERM' ? 0 : null);
      expect(await statusOf(`${url}/health`)).toBeUndefined();
      expect(replaying.hasEnded).toBe(false);
      await start();
      const report = await reportOf(replaying);
      expect(report.equal).toBe(true);
      expect(report.stored.requests).toBe(20_000);
    },
    120_000,
  );

  it('has after SIGTERM and a new start all that it answered 202 to, up to the last moment', async () => {
    const first = await start();
    const random = seededRandom(3);
    let accepted = 0;
    let refused = 0;
    const post = async (instance: string, sequence: number) => {
      const time = Math.floor(Date.now());
      const events = Array.from({ length: between(random, 1, 50) }, () => ({
        kind: 'metric',
        time,
        name: 'e2e_total',
        type: 'counter',
        value: 1,
      }));
      const emitter = { service: 'e2e', instance, version: '1' };
      try {
        const response = await fetch(`${url}/v1/events`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ schema: 1, emitter, sequence, sentAt: time, events }),
        });
        await response.arrayBuffer();
        if (response.status === 202) accepted += events.length;
        else refused++;
        return response.status === 202;
      } catch {
        refused++;
        return false;
      }
    };
    const poster = async () => {
      const instance = randomUUID();
      for (let sequence = 0; await post(instance, sequence); sequence++);
    };
    const posters = Array.from({ length: 4 }, poster);
    await until(
      () => accepted > 2_000,
      30_000,
      () => first.said,
    );
    const { code } = await first.end('SIGTERM');
    await Promise.all(posters);
    expect(code).toBe(0);
    expect(refused).toBeGreaterThan(0);

    await start();
    const stored = async () => {
      const [row] = await askSql<{ n: string }>(
        sqlUrl,
        "SELECT count() AS n FROM metric_events WHERE name = 'e2e_total'",
      );
      return Number(row!.n);
    };
    await until(
      async () => (await stored()) >= accepted,
      30_000,
      () => `${accepted} events are stored`,
    );
    // What was in the log although its answer got lost may be there besides: one batch a poster at most.
    expect(await stored()).toBeLessThanOrEqual(accepted + 4 * 50);
  }, 120_000);

  it('counts a rejected event once when it was mended and replayed, twice', async () => {
    await start();
    const time = Math.floor(Date.now());
    const instance = randomUUID();
    const event = (value: unknown) => ({ kind: 'metric', time, name: 'mended_total', type: 'counter', value });
    const posted = await fetch(`${url}/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        schema: 1,
        emitter: { service: 'e2e', instance, version: '1' },
        sequence: 0,
        sentAt: time,
        events: [event(1), event('ten'), event(100)],
      }),
    });
    expect(await posted.json()).toMatchObject({ accepted: 2, rejected: [{ index: 1 }] });
    const server = ['--endpoint', url, '--sql', sqlUrl, '--json'];
    const show = () => launch(CLI, ['dead-letters', 'show', `${instance}/0/1`, ...server]).ended();
    let shown = await show();
    await until(
      async () => shown.code === 0 || (shown = await show()).code === 0,
      20_000,
      () => `the dead letter is there: ${shown.stdout}`,
    );
    const { deadLetters } = JSON.parse(shown.stdout) as { deadLetters: Record<string, unknown>[] };
    const mended = join(folder, 'mended.ndjson');
    writeFileSync(mended, `${JSON.stringify({ ...deadLetters[0], event: event(10), version: '1' })}\n`);
    for (let round = 0; round < 2; round++) {
      const { code, stdout } = await launch(CLI, ['dead-letters', 'replay', '--from', mended, ...server]).ended();
      expect(JSON.parse(stdout)).toMatchObject({ letters: 1, accepted: 1, rejected: 0 });
      expect(code).toBe(0);
    }
    // As it was rejected, it is rejected again.
    const unmended = await launch(CLI, ['dead-letters', 'replay', '--service', 'e2e', ...server]).ended();
    expect(JSON.parse(unmended.stdout)).toMatchObject({ letters: 1, accepted: 0, rejected: 1 });
    expect(unmended.code).toBe(5);

    const sums = () =>
      askSql<{ rows: string; total: number }>(
        sqlUrl,
        "SELECT toString(count()) AS rows, sum(value) AS total FROM metric_events WHERE name = 'mended_total'",
      );
    await until(
      async () => (await sums())[0]!.rows === '3',
      20_000,
      () => 'the mended event is stored',
    );
    // All that was accepted is in the database once the last batch of the same emitter is.
    await fetch(`${url}/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        schema: 1,
        emitter: { service: 'e2e', instance, version: '1' },
        sequence: 1,
        sentAt: time,
        events: [event(1_000)],
      }),
    });
    await until(
      async () => (await sums())[0]!.total >= 1_000,
      20_000,
      () => 'the last event is stored',
    );
    expect(await sums()).toEqual([{ rows: '4', total: 1_111 }]);
  }, 90_000);

  it('ends at once at a second signal, with the engine still open', async () => {
    const one = launch(STANDALONE);
    await one.ready(url);
    // Keeps the shutdown from ending: a request whose body has not come yet.
    const open = connect(Number(new URL(url).port), '127.0.0.1');
    open.on('error', () => undefined);
    await once(open, 'connect');
    open.write(
      'POST /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n',
    );
    const signalled = performance.now();
    void one.end('SIGTERM');
    // One that comes sooner is taken for the first come again.
    await sleep(1_100);
    expect(one.hasEnded).toBe(false);
    expect((await one.end('SIGTERM')).signal).toBe('SIGKILL');
    open.destroy();
    // An exit would wait for the engine's threads: 5 minutes.
    expect(performance.now() - signalled).toBeLessThan(10_000);
    const again = launch(STANDALONE);
    await again.ready(url);
    expect((await again.end('SIGTERM')).code).toBe(0);
  }, 90_000);

  it('ends in order when Ctrl-C reaches it twice, from the terminal and passed on by npm', async () => {
    const one = launch(STANDALONE);
    await one.ready(url);
    void one.end('SIGINT');
    await until(
      () => one.said.includes('Shutting down.'),
      10_000,
      () => `the first signal is heard: ${one.said}`,
    );
    expect(await one.end('SIGINT')).toMatchObject({ code: 0, signal: null });
  }, 60_000);

  it('fires an alert on rejected events, and has it after kill -9 as it was', async () => {
    const quick = { ALPERF_ALERT_INTERVAL_MS: '100', ALPERF_ALERT_FOR_MS: '300' };
    const first = launch(STANDALONE, [], quick);
    await first.ready(url);
    const post = await fetch(`${url}/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        schema: 1,
        emitter: { service: 'e2e', instance: randomUUID(), version: '1' },
        sequence: 0,
        sentAt: Date.now(),
        events: [{ kind: 'metric', time: Date.now(), name: 'bad_total', type: 'counter', value: 'many' }],
      }),
    });
    expect(await post.json()).toMatchObject({ accepted: 0, rejected: [{ index: 0 }] });
    const arriving = async () => {
      const { data } = (await (await fetch(`${url}/api/v1/alerts`)).json()) as AlertsAnswer;
      return data.alerts.find(({ labels }) => labels['alertname'] === 'PipelineDeadLettersArriving');
    };
    await until(
      async () => (await arriving())?.state === 'firing',
      30_000,
      () => `the alert fires: ${first.said}`,
    );
    const firing = (await arriving())!;
    expect(firing).toMatchObject({ value: '1e+00', labels: { severity: 'warning' } });
    await first.end('SIGKILL');

    const second = launch(STANDALONE, [], quick);
    await second.ready(url);
    await until(
      async () => (await arriving()) !== undefined,
      30_000,
      () => `the alert is there: ${second.said}`,
    );
    expect(await arriving()).toMatchObject({ state: 'firing', activeAt: firing.activeAt });
  }, 90_000);

  it('refuses a second process on the same data, says why, and leaves the first alone', async () => {
    await start();
    const [http, sql] = await freePorts(2);
    const second = launch(STANDALONE, [], { ALPERF_HTTP_PORT: String(http), ALPERF_SQL_PORT: String(sql) });
    const { code, stderr } = await second.ended();
    expect(code).not.toBe(0);
    expect(stderr).toContain(join(folder, 'data'));
    expect(stderr).toMatch(/in use|another process/i);
    expect(await statusOf(`${url}/ready`)).toBe(200);
  }, 60_000);

  it('refuses to be reached from other machines without keys, and leaves no data behind', async () => {
    const { code, stderr } = await launch(STANDALONE, [], { ALPERF_BIND: '0.0.0.0' }).ended();
    expect(code).toBe(2);
    expect(stderr).toContain('ALPERF_KEYS_FILE');
    expect(existsSync(join(folder, 'data'))).toBe(false);
  }, 60_000);

  it('is ready soon when it starts again on its data', async () => {
    await (await start()).end('SIGTERM');
    const from = performance.now();
    await start();
    const ms = performance.now() - from;
    process.stderr.write(`Standalone was ready ${(ms / 1_000).toFixed(2)} s after its start, warm (target: 5 s).\n`);
    // Three times the target: the machine of the tests does other things too.
    expect(ms).toBeLessThan(15_000);
  }, 60_000);
});
