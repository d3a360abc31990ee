import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithKafka } from '../support/index.js';
import { askSql, freePorts, ProductProcess, statusOf, until } from '../support/processes.js';
import { seededRandom } from '../support/random.js';

const CLI = 'apps/cli/src/main.js';
const PASSWORD = 'of the tests';

/** What differs from the product in production: ClickHouse is the embedded engine, as a process of its own. */
describeWithKafka('The apps apart, each a process of its own, on a Kafka broker', (kafka) => {
  let folder: string;
  let engine: ProductProcess;
  const apps = new Map<string, { process: ProductProcess; url: string }>();
  let sqlUrl: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'alperf-e2e-'));
    const [collector, aggregator, api, sql] = (await freePorts(4)).map(String) as [string, string, string, string];
    engine = new ProductProcess('libs/clickhouse/src/embedded/main.js', [], {
      ALPERF_ENGINE_PATH: join(folder, 'clickhouse'),
      ALPERF_ENGINE_PORT: '0',
      ALPERF_ENGINE_PASSWORD: PASSWORD,
    });
    await until(
      () => {
        if (engine.hasEnded) throw new Error(`The engine ended: ${engine.said}`);
        return engine.stdout.includes('\n');
      },
      30_000,
      () => `the engine says where it is: ${engine.said}`,
    );
    const { url, username } = JSON.parse(engine.stdout.split('\n')[0]!) as { url: string; username: string };
    const shared = {
      ALPERF_KAFKA_BROKERS: kafka().brokers.join(','),
      ALPERF_CLICKHOUSE_URL: url,
      ALPERF_CLICKHOUSE_USER: username,
      ALPERF_CLICKHOUSE_PASSWORD: PASSWORD,
    };
    const launch = (app: string, port: string, more: Record<string, string> = {}) => {
      const env = { ...shared, ...more, ALPERF_HTTP_PORT: port };
      apps.set(app, {
        process: new ProductProcess(`apps/${app}/src/main.js`, [], env),
        url: `http://127.0.0.1:${port}`,
      });
    };
    // The aggregator brings the tables.
    launch('collector', collector);
    launch('aggregator', aggregator);
    await Promise.all([...apps.values()].map((one) => one.process.ready(one.url, 90_000)));
    launch('api', api, { ALPERF_SQL_PORT: sql });
    sqlUrl = `http://127.0.0.1:${sql}`;
    await apps.get('api')!.process.ready(apps.get('api')!.url, 90_000);
  }, 180_000);

  afterAll(async () => {
    await Promise.all([...apps.values()].map((one) => one.process.end('SIGKILL')));
    await engine.end('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  const alperf = async (...args: string[]) => {
    const { url } = apps.get('collector')!;
    const cli = new ProductProcess(CLI, [...args, '--endpoint', url, '--sql', sqlUrl, '--json'], {});
    const { code, stdout, stderr } = await cli.ended();
    if (code !== 0) throw new Error(`alperf ${args[0]} ended with ${code}: ${stdout}${stderr}`);
    return JSON.parse(stdout) as Record<string, unknown>;
  };

  it('store what a replay emits, and answer it by SQL', async () => {
    const random = seededRandom(5);
    const trace = join(folder, 'trace.txt');
    writeFileSync(trace, Array.from({ length: 20_000 }, () => `${Math.floor(random() ** 2 * 3_000)}\n`).join(''));
    const report = await alperf('replay', trace, '--format', 'keys', '--size', '300');
    expect(report['equal']).toBe(true);
    const [row] = await askSql<{ requests: string | number }>(
      sqlUrl,
      'SELECT sum(hits + misses) AS requests FROM cache_windows',
    );
    expect(Number(row!.requests)).toBe(20_000);
  }, 120_000);

  it('store what is sent line by line', async () => {
    const file = join(folder, 'events.ndjson');
    const time = Math.floor(Date.now());
    const line = JSON.stringify({ kind: 'metric', time, name: 'sent_total', type: 'counter', value: 2 });
    writeFileSync(file, `${line}\n`.repeat(50));
    expect(await alperf('send', file)).toMatchObject({ accepted: 50, rejected: 0 });
    const total = async () => {
      const [row] = await askSql<{ total: number }>(
        sqlUrl,
        "SELECT sum(value) AS total FROM metric_events WHERE name = 'sent_total'",
      );
      return row!.total;
    };
    await until(
      async () => (await total()) >= 100,
      30_000,
      () => 'the events are stored',
    );
    expect(await total()).toBe(100);
  }, 60_000);

  it.each(['collector', 'aggregator', 'api'])('the %s is ready and shows its metrics', async (app) => {
    const { url } = apps.get(app)!;
    expect(await statusOf(`${url}/ready`)).toBe(200);
    const metrics = await fetch(`${url}/metrics`);
    expect(metrics.status).toBe(200);
    expect(await metrics.text()).toContain('process_cpu_seconds_total');
  });

  it('each end cleanly on SIGTERM', async () => {
    for (const [app, { process }] of apps) {
      const { code, signal } = await process.end('SIGTERM');
      expect([app, code, signal]).toEqual([app, 0, null]);
      expect(process.said).not.toContain('"level":"error"');
    }
    expect((await engine.end('SIGTERM')).code).toBe(0);
  }, 90_000);
});
