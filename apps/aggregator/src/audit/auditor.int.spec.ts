import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AGGREGATOR_GROUP, EVENTS_TOPIC, type Batch } from '#libs/contracts';
import type { Position } from '#libs/event-log';
import { Metrics } from '#libs/operations';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '#libs/time';
import { makeTraffic, recordOf, untilCounted } from '#test/support';
import { AggregatorStore } from '../aggregator-store.js';
import { Assignments } from '../assignments.js';
import { MarkBook } from '../recount/mark-book.js';
import { preparedOnce, type RunningAggregator, type TestAggregation } from '../testing/test-aggregation.js';
import { AuditStore } from './audit-store.js';
import { AuditTelemetry } from './audit-telemetry.js';
import { Auditor } from './auditor.js';
import { checkLog } from './log-check.js';

const LATENESS_MS = 2 * DAY_MS;

let tests: TestAggregation;
let running: RunningAggregator;
let batches: readonly Batch[];

const another = preparedOnce(async (first) => {
  tests = first;
  // Over the end of an hour, so that there is a settled bucket of each level; each minute is a look for each rollup.
  const hour = Math.floor((first.clock.now() - 57 * MINUTE_MS) / HOUR_MS) * HOUR_MS;
  ({ batches } = makeTraffic({ seed: 11, batches: 30, startMs: hour - 3 * MINUTE_MS, spanMs: 4 * MINUTE_MS }));
  await first.append(batches);
  running = await first.aggregate();
  await counted();
});

beforeEach(async () => {
  tests = await another();
  running = await tests.aggregate();
}, 180_000);

afterEach(async () => {
  await tests.stop();
});

/** Everything is in the tables, recounted, and settled. */
async function counted(): Promise<void> {
  await untilCounted(tests.log, tests.clickhouse, tests.clock);
  await running.aggregator.recount();
}

interface Audited {
  checked: number;
  lost: number;
  duplicated: number;
  conflicts: number;
}

interface Auditing {
  readonly budgetMs?: number;
  readonly audit?: AuditStore;
}

/** One round of an auditor that has just begun. @returns the findings of scopes whose names begin so, added up. */
async function audited(scope = '', { budgetMs = Infinity, audit }: Auditing = {}): Promise<Audited> {
  const { clock, clickhouse, log } = tests;
  const store = new AggregatorStore(clickhouse, clock);
  const assignments = new Assignments(store, new MarkBook());
  for (const committed of await log.committed(EVENTS_TOPIC, AGGREGATOR_GROUP))
    await assignments.assigned(committed.partition, committed, clock.monotonic(), true);
  const auditor = new Auditor(
    log,
    store,
    audit ?? new AuditStore(clickhouse, LATENESS_MS),
    assignments,
    clock,
    new AuditTelemetry(new Metrics()),
    running.logger,
    { intervalMs: 3_600_000, budgetMs, confirmAfterMs: 10 },
  );
  auditor.start();
  await auditor.run();
  await auditor.stop();
  const names = ['checked', 'lost', 'duplicated', 'conflicts'] as const;
  const [row] = await tests.clickhouse.query<Record<keyof Audited, string | number>>(
    `SELECT ${names.map((name) => `sum(newest_${name}) AS ${name}`).join(', ')} FROM (
       SELECT ${names.map((name) => `argMax(a.${name}, a.time) AS newest_${name}`).join(', ')} FROM audit AS a
       WHERE a.time < now() + 86400 AND startsWith(a.scope, {scope:String}) GROUP BY a.scope)`,
    { scope },
  );
  return Object.fromEntries(names.map((name) => [name, Number(row![name])])) as unknown as Audited;
}

/** Takes rows away behind everybody's back. */
async function remove(table: string, where: string): Promise<void> {
  await tests.clickhouse.command(`ALTER TABLE ${table} DELETE WHERE ${where} SETTINGS mutations_sync = 1`);
}

/** One look at a chunk of the log. */
function checkedLog({ partition, offset }: Position, size: number, nowMs: number) {
  const { clock, clickhouse, log } = tests;
  const store = new AggregatorStore(clickhouse, clock);
  return checkLog(log, store, new AuditStore(clickhouse, LATENESS_MS), partition, { at: Number(offset), size }, nowMs);
}

describe('The audit', () => {
  it('finds nothing wrong where nothing is', async () => {
    const found = await audited();
    expect(found).toMatchObject({ lost: 0, duplicated: 0 });
    expect(found.checked).toBeGreaterThanOrEqual(3 * 3_000);
  }, 180_000);

  it('rises when a raw row is removed by hand', async () => {
    await remove(
      'load_events',
      '(instance, sequence, idx) IN (SELECT instance, sequence, idx FROM load_events LIMIT 3)',
    );
    expect((await audited()).lost).toBeGreaterThanOrEqual(3);
  }, 180_000);

  it('rises when a row is added by hand', async () => {
    await tests.clickhouse.command(
      'INSERT INTO load_events SELECT * REPLACE (idx + 1000000 AS idx) FROM load_events FINAL LIMIT 2',
    );
    const found = await audited();
    expect(found.duplicated).toBeGreaterThanOrEqual(2);
  }, 180_000);

  it('rises when a batch is forgotten', async () => {
    await remove('batches', 'sequence = 0');
    expect((await audited()).lost).toBeGreaterThan(0);
  }, 180_000);

  it('rises when a rollup is wrong, at every level', async () => {
    for (const level of ['10s', '1m', '1h'])
      await tests.clickhouse.command(
        `INSERT INTO cache_${level} SELECT * REPLACE (version + 7 AS version) FROM cache_${level} FINAL ORDER BY bucket_end LIMIT 1`,
      );
    expect((await audited()).duplicated).toBeGreaterThanOrEqual(7);
  }, 180_000);

  it('rises when buckets are gone together with the marks that asked for them', async () => {
    const [minute] = await tests.clickhouse.query<{ start: number }>(
      'SELECT toUInt32(toStartOfMinute(bucket_end - 1)) AS start FROM cache_windows ORDER BY bucket_end LIMIT 1',
    );
    const within = `bucket_end > toDateTime(${minute!.start}, 'UTC') AND bucket_end <= toDateTime(${minute!.start + 60}, 'UTC')`;
    await remove('cache_10s', within);
    await remove('marks', '1');
    const found = await audited('rollups');
    expect(found.checked).toBeGreaterThanOrEqual(3_000);
    expect(found.lost).toBeGreaterThan(0);
  }, 180_000);

  it('rises when batches and raw rows agree on fewer events than the record brought', async () => {
    const { emitter, sequence } = batches[0]!;
    const identity = `instance = '${emitter.instance}' AND sequence = ${sequence}`;
    for (const table of ['cache_windows', 'load_events', 'metric_events'])
      await remove(table, `${identity} AND idx >= 2`);
    await tests.clickhouse.command(
      `ALTER TABLE batches UPDATE events = 2 WHERE ${identity} SETTINGS mutations_sync = 1`,
    );
    expect(await audited('raw')).toMatchObject({ lost: 0 });
    expect(await audited('log')).toMatchObject({ lost: 98 });
  }, 180_000);

  it('lets a finding stand when another begins, until that one has looked at all of it', async () => {
    for (const [ahead, lost] of [
      [0, 7],
      [60 * DAY_MS, 0],
    ] as const)
      await tests.clickhouse.command(
        `INSERT INTO audit (time, scope, lost) VALUES (fromUnixTimestamp64Milli(${tests.clock.now() + ahead}, 'UTC'), 'raw/0', ${lost})`,
      );
    // One step of each scope, which is not all of it.
    expect(await audited('raw/0', { budgetMs: 0 })).toMatchObject({ lost: 7 });
    expect(await audited('raw/0')).toMatchObject({ lost: 0 });
  }, 180_000);

  it('goes past a chunk that cannot be looked at, and does not call the rest whole', async () => {
    const { checked } = await audited('raw');
    let failed = 0;
    class Failing extends AuditStore {
      override rawRows(partition: number, minute: number, rawFromMs: number) {
        if (failed++ === 0) return Promise.reject(new Error('out of memory'));
        return super.rawRows(partition, minute, rawFromMs);
      }
    }
    const found = await audited('raw', { audit: new Failing(tests.clickhouse, LATENESS_MS) });
    expect(found.lost).toBe(0);
    expect(found.checked).toBeGreaterThan(0);
    expect(found.checked).toBeLessThan(checked);
    const rows = await tests.clickhouse.query(
      "SELECT full, count() AS scopes FROM (SELECT full FROM audit WHERE startsWith(scope, 'raw/') ORDER BY time DESC LIMIT 3) GROUP BY full ORDER BY full",
    );
    expect(rows.map((row) => Object.values(row as object).map(Number))).toEqual([
      [0, 1],
      [1, 2],
    ]);
  }, 180_000);

  it('looks at every record of a chunk, however large they are together', async () => {
    const record = { ...recordOf(batches[0]!), value: Buffer.alloc(125_000, 7) };
    const [first] = await tests.log.append(
      EVENTS_TOPIC,
      Array.from({ length: 300 }, () => record),
    );
    const { finding } = await checkedLog(first!, 300, tests.clock.now());
    expect(finding.checked).toBe(300 * 100);
    const beyond = { ...first!, offset: first!.offset + 300n };
    await expect(checkedLog(beyond, 1, tests.clock.now())).rejects.toThrow('did not give them');
  }, 180_000);

  it('misses what is missing also while its clock is far ahead', async () => {
    const now = tests.clock.now();
    const { partition, earliest, next } = (await tests.log.ranges(EVENTS_TOPIC)).find((one) => one.next > 0n)!;
    await remove('batches', 'sequence = 1');
    const lost = async (nowMs: number) =>
      (await checkedLog({ partition, offset: earliest }, Number(next - earliest), nowMs)).finding.lost;
    expect(await lost(now)).toBeGreaterThan(0);
    expect(await lost(now + 60 * DAY_MS)).toBe(await lost(now));
  }, 180_000);

  it('asks for a letter for what cannot be read, and for a batch that another one kept out', async () => {
    const first = batches[0]!;
    const other = recordOf({ ...first, events: first.events.slice(0, 4) });
    const good = recordOf(first);
    await tests.log.append(EVENTS_TOPIC, [
      other,
      { ...good, headers: {} },
      { ...good, key: 'nobody' },
      { ...good, value: good.value.subarray(1) },
    ]);
    await counted();
    const letters = await tests.clickhouse.query(
      'SELECT cause, toString(instance) AS instance, toUInt32(sequence) AS sequence, idx, service, event FROM dead_letters FINAL ORDER BY cause',
    );
    const poison = expect.objectContaining({ cause: 'poison' });
    expect(letters).toEqual([
      {
        cause: 'conflict',
        instance: first.emitter.instance,
        sequence: first.sequence,
        idx: 0,
        service: first.emitter.service,
        event: JSON.stringify({ events: 4, hash: other.headers['h'] }),
      },
      poison,
      poison,
      poison,
    ]);
    expect(await audited()).toMatchObject({ lost: 0, duplicated: 0, conflicts: 1 });
    await remove('dead_letters', "cause = 'poison'");
    // The last one has readable headers, and its identity is there.
    expect(await audited('log')).toMatchObject({ lost: 2, conflicts: 1 });
    await remove('dead_letters', "cause = 'conflict'");
    expect(await audited('log')).toMatchObject({ lost: 6, conflicts: 1 });
  }, 180_000);

  it('says when it last checked, and no later than it has looked', async () => {
    await audited();
    const rows = await tests.clickhouse.query<{ scope: string; behind: string | number; full: number }>(
      'SELECT scope, toUnixTimestamp64Milli(time) - toUnixTimestamp64Milli(checked_through) AS behind, full FROM audit ORDER BY time DESC LIMIT 1 BY scope',
    );
    expect(rows.map(({ scope }) => scope).sort()).toEqual([
      'log/0',
      'log/1',
      'log/2',
      'raw/0',
      'raw/1',
      'raw/2',
      'rollups',
      'rollups/1h',
    ]);
    for (const { scope, behind, full } of rows) {
      expect([scope, full]).toEqual([scope, 1]);
      // The last event was closed 55 minutes ago or more: later buckets are not settled.
      expect([scope, Number(behind) > 60_000]).toEqual([scope, scope.startsWith('rollups')]);
    }
  }, 180_000);

  it('counts as open gaps what is missing between batches of the last two days', async () => {
    const store = new AuditStore(tests.clickhouse, LATENESS_MS);
    const now = tests.clock.now();
    expect(await store.openGaps(now)).toBe(0);
    const started = Math.floor(now / 1_000) - 5 * 86_400;
    await tests.clickhouse.command(
      `INSERT INTO batches (instance, sequence, accepted_day, accepted_at, events)
       SELECT toUUID('00000000-0000-4000-8000-000000000009'), number, toDate(at), at, 1
       FROM (SELECT number, toDateTime(${started} + number * 864, 'UTC') AS at FROM numbers(500))`,
    );
    expect(await store.openGaps(now)).toBe(0);
    await remove('batches', 'sequence IN (100, 400, 450, 451)');
    expect(await store.openGaps(now)).toBe(3);
  }, 180_000);
});
