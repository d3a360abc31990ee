import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClickHouse, migrate } from '#libs/clickhouse';
import { EVENTS_TOPIC } from '#libs/contracts';
import { EmbeddedEventLog } from '#libs/event-log/embedded';
import { SystemClock } from '#libs/time';
import { between, expectExact, makeTraffic, noTotals, seededRandom, untilCounted } from '#test/support';
import { recordOf } from '../support/records.js';
import { sumTotals } from '../support/totals.js';
import { AggregatorHere } from './aggregator-here.js';
import { EngineProcess } from './engine-process.js';
import { QUICK_AGGREGATOR } from './timing.js';

const clock = new SystemClock();
const SEED = 7;
const KILLS = 6;

let path: string;
let log: EmbeddedEventLog;
let engine: EngineProcess;
let clickhouse: ClickHouse;

beforeEach(async () => {
  path = mkdtempSync(join(tmpdir(), 'alperf-killed-engine-'));
  engine = await EngineProcess.start();
  clickhouse = new ClickHouse(engine);
  await migrate(clickhouse, clock);
  log = await EmbeddedEventLog.open({ path, clock, random: Math.random });
  await log.ensureTopic(EVENTS_TOPIC, { partitions: QUICK_AGGREGATOR.partitions });
}, 60_000);

afterEach(async () => {
  await log.close();
  await clickhouse.close();
  await engine.stop();
  rmSync(path, { recursive: true, force: true });
}, 60_000);

it('loses and doubles nothing when the engine is killed in the middle of inserts and started again', async () => {
  const random = seededRandom(SEED);
  let totals = noTotals();
  const aggregator = await AggregatorHere.start(log, clickhouse, clock);
  for (let kill = 0; kill < KILLS; kill++) {
    const startMs = clock.now() - 1_200_000;
    const traffic = makeTraffic({ seed: SEED + kill, batches: 30, startMs, spanMs: 120_000 });
    totals = sumTotals(totals, traffic.totals);
    await log.append(
      EVENTS_TOPIC,
      traffic.batches.map((batch) => recordOf(batch)),
    );
    // A moment of the work, drawn: rows, bookkeeping, recounts and merges are all under way in these milliseconds.
    await clock.sleep(between(random, 5, 300));
    await engine.kill9();
    await engine.restart();
  }
  await untilCounted(log, clickhouse, clock);
  await expectExact(clickhouse, totals);
  await aggregator.expectAudited(clickhouse);
  await aggregator.stop();
  expect(totals.batches).toBe(KILLS * 30);
}, 180_000);
