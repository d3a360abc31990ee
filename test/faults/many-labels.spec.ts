import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { databaseForEach } from '#libs/clickhouse/testing';
import type { Batch, Metric } from '#libs/contracts';
import { SystemClock } from '#libs/time';
import { addTo, expectExact, noTotals, untilCounted } from '#test/support';
import { RunningCollector } from '../../apps/collector/src/testing/running-collector.js';
import { AggregatorHere } from './aggregator-here.js';
import { QUICK_AGGREGATOR } from './timing.js';

const clock = new SystemClock();
const BATCHES = 10;
const VALUES_A_BATCH = 1_000;
/** The default of ALPERF_MAX_LABEL_VALUES. */
const KEPT = 200;
const METRIC = 'pages_rendered_total';

const database = databaseForEach(clock);
let collector: RunningCollector;

beforeEach(async () => {
  collector = await RunningCollector.start({ config: { partitions: QUICK_AGGREGATOR.partitions } });
}, 60_000);

afterEach(async () => {
  await collector.stop();
}, 60_000);

it('counts 10,000 distinct label values exactly, those above the cap under __other__, in bounded memory', async () => {
  const totals = noTotals();
  const aggregator = await AggregatorHere.start(collector.log, database(), clock);
  const emitter = { service: 'reader', instance: randomUUID(), version: '1.0.0' };
  const now = clock.now() - 600_000;
  let otherSum = 0;
  let capped = 0;
  const distinct: (number | undefined)[] = [];
  for (let sequence = 0; sequence < BATCHES; sequence++) {
    const events = Array.from({ length: VALUES_A_BATCH }, (_, index): Metric => {
      const nth = sequence * VALUES_A_BATCH + index;
      const value = 1 + (nth % 7);
      if (nth >= KEPT) otherSum += value;
      return {
        kind: 'metric',
        time: now + nth,
        name: METRIC,
        type: 'counter',
        labels: { format: `format-${nth}` },
        value,
      };
    });
    for (const event of events) addTo(totals, event);
    totals.batches++;
    const batch: Batch = { schema: 1, emitter, sequence, sentAt: now, closedThrough: now, events };
    const answer = await collector.send(JSON.stringify(batch));
    expect(answer).toMatchObject({ status: 202, json: { accepted: VALUES_A_BATCH, rejected: [] } });
    capped += Number(answer.json['capped']);
    distinct.push(await distinctValues());
  }
  await untilCounted(collector.log, database(), clock);
  await expectExact(database(), totals);
  await aggregator.expectAudited(database());
  await aggregator.stop();

  expect(capped).toBe(BATCHES * VALUES_A_BATCH - KEPT);
  const [seen] = await database().query<{ n: string | number; other: string | number; others: string | number }>(
    `SELECT uniqExact(m.labels['format']) AS n, sumIf(m.value_sum, m.labels['format'] = '__other__') AS other,
       sumIf(m.samples, m.labels['format'] = '__other__') AS others FROM (SELECT * FROM metrics) AS m`,
  );
  expect(Object.fromEntries(Object.entries(seen!).map(([name, value]) => [name, Number(value)]))).toEqual({
    n: KEPT + 1,
    other: otherSum,
    others: BATCHES * VALUES_A_BATCH - KEPT,
  });
  // The values kept and a few names and dimensions beside them; the first batch fills the caps, nothing later is remembered.
  expect(distinct[0]).toBeGreaterThanOrEqual(KEPT);
  expect(distinct[0]).toBeLessThan(KEPT + 20);
  expect(new Set(distinct).size).toBe(1);
}, 60_000);

/** The gauge of the values that the caps hold. */
async function distinctValues(): Promise<number | undefined> {
  const line = /^(?:\w+_)?collector_distinct_values (\d+)$/m.exec(await collector.metrics.exposition());
  return line === null ? undefined : Number(line[1]);
}
