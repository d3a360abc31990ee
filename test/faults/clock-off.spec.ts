import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { databaseForEach } from '#libs/clickhouse/testing';
import { EVENTS_TOPIC } from '#libs/contracts';
import { EmbeddedEventLog } from '#libs/event-log/embedded';
import { SystemClock } from '#libs/time';
import { expectExact, makeTraffic, noTotals, recordOf, sumTotals, untilCounted } from '#test/support';
import { AggregatorHere } from './aggregator-here.js';
import { QUICK_AGGREGATOR } from './timing.js';

const HOUR_MS = 3_600_000;

/** A machine whose wall clock is wrong; durations are right. */
class WrongClock extends SystemClock {
  constructor(private readonly offMs: number) {
    super();
  }

  override now(): number {
    return super.now() + this.offMs;
  }
}

const clock = new SystemClock();
const ahead = new WrongClock(HOUR_MS);
const behind = new WrongClock(-HOUR_MS);

let path: string;
let log: EmbeddedEventLog;
const database = databaseForEach(clock);
let totals = noTotals();
let startMs: number;

beforeEach(async () => {
  path = mkdtempSync(join(tmpdir(), 'alperf-clock-off-'));
  log = await EmbeddedEventLog.open({ path, clock, random: Math.random });
  await log.ensureTopic(EVENTS_TOPIC, { partitions: QUICK_AGGREGATOR.partitions });
  totals = noTotals();
  startMs = clock.now() - 1.5 * HOUR_MS;
}, 60_000);

afterEach(async () => {
  await log.close();
  rmSync(path, { recursive: true, force: true });
}, 60_000);

/** Traffic over the same hour each time: what one aggregator has settled, the next ones change. */
async function append(seed: number): Promise<void> {
  const traffic = makeTraffic({ seed, emitters: 8, batches: 16, eventsPerBatch: 40, startMs, spanMs: HOUR_MS });
  totals = sumTotals(totals, traffic.totals);
  await log.append(
    EVENTS_TOPIC,
    traffic.batches.map((batch) => recordOf(batch)),
  );
}

it('an aggregator an hour ahead and, after it, one an hour behind count exactly', async () => {
  for (const [seed, its] of [ahead, behind].entries()) {
    await append(seed);
    const aggregator = await AggregatorHere.start(log, database(), its);
    await untilCounted(log, database(), clock);
    // Raw events, levels and views, these joined at the settled end, against a plain recount.
    await expectExact(database(), totals);
    await aggregator.expectAudited(database());
    await aggregator.stop();
  }
  expect(totals.batches).toBe(2 * 16);
}, 60_000);

it('an aggregator an hour ahead and one an hour behind, at work side by side, count exactly', async () => {
  await append(20);
  const one = await AggregatorHere.start(log, database(), ahead);
  const other = await AggregatorHere.start(log, database(), behind);
  await append(21);
  await untilCounted(log, database(), clock);
  // The other takes over all partitions, and with them what the first has settled.
  await one.stop();
  await append(22);
  await untilCounted(log, database(), clock);
  await expectExact(database(), totals);
  await other.expectAudited(database());
  await other.stop();
}, 60_000);
