import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { EVENT_TABLES, type CacheWindow } from '#libs/contracts';
import { ClickHouse, migrate } from '#libs/clickhouse';
import { startTestEngine, type TestEngine } from '#libs/clickhouse/testing';
import { ExpHistogram } from '#libs/histogram';
import { SystemClock } from '#libs/time';
import { SqlGate } from './sql-gate.js';

const clock = new SystemClock();
const END = 1_795_500_000_000;
const DOCUMENTED = [...readFileSync('docs/sql.md', 'utf8').matchAll(/^```sql\n(.*?)^```/gms)].map(([, sql]) => sql!);

let engine: TestEngine;
let clickhouse: ClickHouse;
let gate: SqlGate;

beforeAll(async () => {
  engine = await startTestEngine();
  const { url, username, password } = engine;
  clickhouse = new ClickHouse({ url, username, password, database: 'alperf' });
  await migrate(clickhouse, clock);
  gate = SqlGate.create({ listen: { host: '127.0.0.1', port: 0 }, upstream: { url, username, password }, clock });
  await gate.start();
}, 60_000);
afterAll(async () => {
  await gate?.stop();
  await clickhouse?.close();
  await engine?.stop();
});

function histogramOf(values: readonly number[]) {
  const histogram = new ExpHistogram();
  for (const value of values) histogram.record(value);
  return histogram.toData();
}

const ask = async (sql: string) => {
  const answer = await fetch(`http://127.0.0.1:${gate.port}/?default_format=JSONEachRow`, {
    method: 'POST',
    body: sql,
  });
  const text = await answer.text();
  expect([answer.status, answer.ok ? '' : text]).toEqual([200, '']);
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
};

it('The questions of docs/sql.md are taken as they stand, and answered', async () => {
  const window: CacheWindow = {
    kind: 'cache.window',
    end: END,
    windowMs: 1_000,
    cache: 'covers',
    tier: 'memory',
    requests: { hit: 70, stale: 5, miss: 20, negative: 5 },
    removals: { evicted: 4, expired: 3 },
    refreshes: { changed: 3, unchanged: 1 },
    costSavedNs: 2_500_000_000,
    ghostHits: 10,
    ageAtHit: histogramOf([0, 100, 100, 5_000]),
    timeToEviction: histogramOf([1_000, 3_000]),
    ageAtRefresh: histogramOf([400, 600]),
  };
  const older: CacheWindow = { ...window, end: END - 1_000, requests: {}, removals: {} };
  for (const name of ['refreshes', 'costSavedNs', 'ghostHits', 'ageAtHit', 'timeToEviction', 'ageAtRefresh'] as const)
    delete older[name];
  const columns = EVENT_TABLES['cache.window'].columns;
  const emitter = { service: 'catalogue', instance: '6f1c2c9e-0a52-4a1b-9a53-2f0b6f0c7d11', version: '1' };
  await clickhouse.insertRows(
    'cache_windows',
    columns.map(({ name, type, value }) => ({
      name,
      type,
      value: (row: CacheWindow) => value(row, { emitter, sequence: row.end / 1_000, index: 0 }),
    })),
    [window, older],
  );
  expect(DOCUMENTED).toHaveLength(4);
  const [ratios, ages, leaving, refreshes] = await Promise.all(DOCUMENTED.map(ask));
  expect(ratios).toEqual([
    { service: 'catalogue', cache: 'covers', tier: 'memory', hit_ratio: 0.8, more_at_twice: 0.1, seconds_saved: 2.5 },
  ]);
  expect(ages).toMatchObject([{ cache: 'covers', looked_at: 4 }]);
  expect(Math.abs(Number(ages![0]!['p50']) / 100 - 1)).toBeLessThan(0.012);
  expect(Math.abs(Number(ages![0]!['p99']) / 5_000 - 1)).toBeLessThan(0.012);
  expect(leaving).toMatchObject([{ cache: 'covers', mean_ms: 2_000, evicted: 4, expired: 3, cleared: 0 }]);
  expect(refreshes).toEqual([{ cache: 'covers', refreshes: 4, changed: 0.75, mean_age_ms: 500 }]);
}, 60_000);
