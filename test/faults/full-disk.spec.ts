import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClickHouse, migrate } from '#libs/clickhouse';
import { startTestEngine, type TestEngine } from '#libs/clickhouse/testing';
import { EmbeddedEventLog } from '#libs/event-log/embedded';
import { SystemClock } from '#libs/time';
import { expectExact, makeTraffic, noTotals, sumTotals, untilCounted } from '#test/support';
import { RunningCollector } from '../../apps/collector/src/testing/running-collector.js';
import { AggregatorHere } from './aggregator-here.js';
import { QUICK_AGGREGATOR } from './timing.js';

const MIB = 2 ** 20;
/** A quarter of the disk, as the default of 64 MiB is of a small one. */
const MIN_FREE_BYTES = 16 * MIB;
const BALLAST_BYTES = 44 * MIB;

const clock = new SystemClock();
const path = mkdtempSync(join(tmpdir(), 'alperf-full-disk-'));
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', path]).status === 0;
const [test, why] = mounted
  ? [it, '']
  : [it.skip, ' (SKIPPED: mounting a tmpfs of 64 MB needs root; run it as root, in a container with CAP_SYS_ADMIN)'];

let engine: TestEngine;
let clickhouse: ClickHouse;
let log: EmbeddedEventLog;
let collector: RunningCollector;

beforeAll(async () => {
  if (!mounted) return;
  engine = await startTestEngine();
  clickhouse = new ClickHouse(engine);
  await migrate(clickhouse, clock);
  log = await EmbeddedEventLog.open({
    path: join(path, 'log'),
    clock,
    random: Math.random,
    minFreeBytes: MIN_FREE_BYTES,
  });
  collector = await RunningCollector.start({
    config: { partitions: QUICK_AGGREGATOR.partitions },
    wrapLog: () => log,
  });
}, 60_000);

afterAll(async () => {
  await collector?.stop();
  await log?.close();
  await clickhouse?.close();
  await engine?.stop();
  if (mounted) spawnSync('umount', [path]);
  rmSync(path, { recursive: true, force: true });
}, 60_000);

test(`a full disk is answered 503 and loses nothing: what is there is counted, and events are taken again once there is room${why}`, async () => {
  let totals = noTotals();
  let seed = 0;
  /** Posts one batch; it counts only when it is taken. */
  const post = async () => {
    const startMs = clock.now() - 1_200_000;
    const traffic = makeTraffic({ seed: seed++, batches: 1, eventsPerBatch: 1_000, startMs });
    const answer = await collector.send(JSON.stringify(traffic.batches[0]));
    if (answer.status === 202) totals = sumTotals(totals, traffic.totals);
    return answer;
  };
  const ballast = join(path, 'ballast');
  writeFileSync(ballast, Buffer.alloc(BALLAST_BYTES));
  let refused = await post();
  expect(refused.status).toBe(202);
  while (refused.status === 202) refused = await post();
  expect(refused).toMatchObject({ status: 503, json: { type: 'urn:alperf:problem:LOG_FULL' } });
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  const taken = totals.batches;

  // Reads and commits go on: the aggregator counts what is there while the disk is full.
  const aggregator = await AggregatorHere.start(log, clickhouse, clock);
  await untilCounted(log, clickhouse, clock);
  expect((await post()).status).toBe(503);
  await expectExact(clickhouse, totals);

  rmSync(ballast);
  for (let again = 0; again < 5; again++) expect((await post()).status).toBe(202);
  await untilCounted(log, clickhouse, clock);
  await expectExact(clickhouse, totals);
  await aggregator.expectAudited(clickhouse);
  await aggregator.stop();
  expect(totals.batches).toBe(taken + 5);
}, 60_000);
