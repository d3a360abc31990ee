import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClickHouse } from '#libs/clickhouse';
import type { ActiveAlert, AlertsAnswer } from '#libs/contracts';
import { describeWithKafka } from '../support/index.js';
import { askSql, freePorts, ProductProcess, statusOf, until } from '../support/processes.js';
import { seededRandom } from '../support/random.js';

const CLI = 'apps/cli/src/main.js';
const PASSWORD = 'of the tests';

/** Quick audits and alerts; an alert ends as soon as its cause does. */
const QUICK = { ALPERF_AUDIT_INTERVAL_MS: '300', ALPERF_ALERT_INTERVAL_MS: '200', ALPERF_ALERT_KEEP_FIRING_MS: '0' };

/** What differs from the product in production: ClickHouse is the embedded engine, as a process of its own. */
describeWithKafka('The apps apart, each a process of its own, on a Kafka broker', (kafka) => {
  let folder: string;
  let engine: ProductProcess;
  const apps = new Map<string, { process: ProductProcess; url: string }>();
  let sqlUrl: string;
  let clickhouse: ClickHouse;
  let launch: (app: string, port: string, more?: Record<string, string>) => ProductProcess;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'alperf-e2e-'));
    const [collector, aggregator, alerter, api, sql] = (await freePorts(5)).map(String) as [
      string,
      string,
      string,
      string,
      string,
    ];
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
    clickhouse = new ClickHouse({ url, username, password: PASSWORD });
    launch = (app, port, more = {}) => {
      const env = { ...shared, ...QUICK, ...more, ALPERF_HTTP_PORT: port };
      const process = new ProductProcess(`apps/${app}/src/main.js`, [], env);
      apps.set(app, { process, url: `http://127.0.0.1:${port}` });
      return process;
    };
    // The aggregator brings the tables.
    launch('collector', collector);
    launch('aggregator', aggregator);
    await Promise.all([...apps.values()].map((one) => one.process.ready(one.url, 90_000)));
    launch('api', api, { ALPERF_SQL_PORT: sql });
    launch('alerter', alerter);
    sqlUrl = `http://127.0.0.1:${sql}`;
    await Promise.all([...apps.values()].map((one) => one.process.ready(one.url, 90_000)));
  }, 180_000);

  afterAll(async () => {
    await Promise.all([...apps.values()].map((one) => one.process.end('SIGKILL')));
    await clickhouse.close();
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

  it.each(['collector', 'aggregator', 'alerter', 'api'])('the %s is ready and shows its metrics', async (app) => {
    const { url } = apps.get(app)!;
    expect(await statusOf(`${url}/ready`)).toBe(200);
    const metrics = await fetch(`${url}/metrics`);
    expect(metrics.status).toBe(200);
    expect(await metrics.text()).toContain('process_cpu_seconds_total');
  });

  const alerts = async (): Promise<ActiveAlert[]> => {
    const response = await fetch(`${apps.get('alerter')!.url}/api/v1/alerts`);
    const { status, data } = (await response.json()) as AlertsAnswer;
    expect([response.status, status]).toEqual([200, 'success']);
    return data.alerts;
  };
  const lostAlert = async () =>
    (await alerts().catch(() => [])).find((one) => one.labels['alertname'] === 'PipelineEventsLost');

  it('fire an alert when a row is removed by hand, keep it over a kill of the alerter, and resolve it when the row is back', async () => {
    // Pending ones may come and go: with 200 ms between two looks, a record under way is seen twice.
    expect((await alerts()).filter((one) => one.state === 'firing')).toEqual([]);
    await clickhouse.command(
      "CREATE TABLE kept_metric_events ENGINE = Memory AS SELECT * FROM metric_events FINAL WHERE name = 'sent_total' LIMIT 1",
    );
    await clickhouse.command(
      'ALTER TABLE metric_events DELETE WHERE (instance, sequence, idx) IN (SELECT instance, sequence, idx FROM kept_metric_events) SETTINGS mutations_sync = 1',
    );
    await until(
      async () => (await lostAlert()) !== undefined,
      60_000,
      () => `the alert fires: ${apps.get('alerter')!.process.said}`,
    );
    const firing = (await lostAlert())!;
    expect(firing).toMatchObject({
      state: 'firing',
      labels: { severity: 'critical' },
      annotations: { runbook: 'docs/runbooks/PipelineEventsLost.md' },
    });
    expect(Number(firing.value)).toBeGreaterThanOrEqual(1);

    const { process: killed, url } = apps.get('alerter')!;
    await killed.end('SIGKILL');
    const again = launch('alerter', new URL(url).port);
    await again.ready(url, 60_000);
    await until(
      async () => (await lostAlert()) !== undefined,
      30_000,
      () => `the alert is taken over: ${again.said}`,
    );
    expect((await lostAlert())!.activeAt).toBe(firing.activeAt);
    // It was told once, by the one that was killed.
    expect(again.said).toContain('"firing":1');
    expect(again.said).not.toContain('"to":"firing"');

    await clickhouse.command('INSERT INTO metric_events SELECT * FROM kept_metric_events');
    await clickhouse.command('DROP TABLE kept_metric_events');
    await until(
      async () => (await alerts()).length === 0,
      60_000,
      () => `the alert is resolved: ${again.said}`,
    );
    expect(again.said).toMatch(/"from":"firing","to":"inactive"/);
  }, 240_000);

  it('have one alerter that evaluates: a second one takes over, the first stands by, answers the same, and takes over again', async () => {
    const first = apps.get('alerter')!;
    const [port] = await freePorts(1);
    const second = launch('alerter', String(port));
    const url = apps.get('alerter')!.url;
    apps.set('alerter', first);
    const evaluating = async (at: string) =>
      /^alerter_evaluating 1$/m.test(await (await fetch(`${at}/metrics`)).text());
    try {
      await second.ready(url, 60_000);
      await until(
        async () => (await evaluating(url)) && !(await evaluating(first.url)),
        30_000,
        () => `the second takes over: ${first.process.said}${second.said}`,
      );
      expect(await statusOf(`${first.url}/ready`)).toBe(200);
      expect((await second.end('SIGTERM')).code).toBe(0);
    } finally {
      await second.end('SIGKILL');
    }
    await until(
      () => evaluating(first.url),
      30_000,
      () => `the first takes over again: ${first.process.said}`,
    );
  }, 150_000);

  it('each end cleanly on SIGTERM', async () => {
    for (const [app, { process }] of apps) {
      const { code, signal } = await process.end('SIGTERM');
      expect([app, code, signal]).toEqual([app, 0, null]);
      // What the audit found is what a test above did.
      const errors = process.said.split('\n').filter((line) => line.includes('"level":"error"'));
      expect(errors.filter((line) => !line.includes('The audit found a difference.'))).toEqual([]);
    }
    expect((await engine.end('SIGTERM')).code).toBe(0);
  }, 90_000);
});
