import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { AGGREGATOR_GROUP, EVENTS_TOPIC, type Batch } from '#libs/contracts';
import type { NewRecord } from '#libs/event-log';
import { makeTraffic, recordOf } from '#test/support';
import { engineOfFile, TestAggregation } from './testing/test-aggregation.js';

const HOUR_MS = 3_600_000;
/** Less than the lateness by what a test may take until its batch is decided about. */
const WHOLE_LATENESS_MS = 48 * HOUR_MS - 120_000;

const engine = engineOfFile();
let test: TestAggregation;

beforeEach(async () => {
  test = await TestAggregation.start(engine());
}, 60_000);
afterEach(async () => {
  await test.stop();
}, 60_000);

describe('The aggregator', () => {
  it('counts exactly what was emitted at every level and in every view', async () => {
    const { batches, totals } = makeTraffic({
      seed: 1,
      batches: 60,
      startMs: test.clock.now() - HOUR_MS,
      spanMs: 600_000,
    });
    await test.append(batches);
    await test.aggregate();
    await test.expectExact(totals);
  }, 60_000);

  it('counts a batch once that was sent five times, out of order, also after a restart', async () => {
    const { batches, totals } = makeTraffic({ seed: 2, batches: 20, startMs: test.clock.now() - 60_000 });
    await test.append([...batches, ...batches.toReversed()]);
    const first = await test.aggregate();
    await test.counted();
    await first.stop();
    await test.append([...batches.toReversed(), ...batches, ...batches]);
    await test.aggregate();
    await test.expectExact(totals);
  }, 60_000);

  it('changes no answer when the whole log is replayed from the start', async () => {
    const startMs = test.clock.now() - 600_000;
    const { batches, totals } = makeTraffic({ seed: 3, batches: 40, startMs, spanMs: 300_000 });
    await test.append(batches);
    const first = await test.aggregate();
    await test.counted();
    await first.stop();
    await test.log.forgetGroup(EVENTS_TOPIC, AGGREGATOR_GROUP);
    await test.aggregate();
    await test.expectExact(totals);
  }, 60_000);

  it('puts events of a batch that spans the whole lateness into their buckets', async () => {
    const now = test.clock.now();
    const startMs = now - WHOLE_LATENESS_MS;
    const { batches, totals } = makeTraffic({ seed: 4, batches: 48, startMs, spanMs: WHOLE_LATENESS_MS });
    const events = batches.flatMap((batch) => batch.events);
    const one: Batch = { ...batches[0]!, sentAt: now, closedThrough: now, events };
    await test.append([one]);
    await test.aggregate();
    await test.expectExact({ ...totals, batches: 1 });
  }, 60_000);

  it('puts a record that cannot be read to the dead letters and goes on', async () => {
    const { batches, totals } = makeTraffic({ seed: 5, batches: 4, startMs: test.clock.now() - 60_000 });
    const good = batches.map((batch) => recordOf(batch));
    const [one] = good;
    const bad: NewRecord[] = [
      { key: 'x', value: Buffer.from('not a batch'), headers: {} },
      { ...one!, value: Buffer.from('not zstd') },
      { ...one!, key: randomUUID() },
      { ...one!, headers: { ...one!.headers, n: '7' } },
    ];
    await test.log.append(EVENTS_TOPIC, [...bad, ...good, ...bad]);
    await test.aggregate();
    await test.expectExact(totals);
    const letters = await test.clickhouse.query<{ cause: string; n: string | number }>(
      'SELECT cause, count() AS n FROM dead_letters FINAL GROUP BY cause',
    );
    expect(letters.map(({ cause, n }) => ({ cause, n: Number(n) }))).toEqual([{ cause: 'poison', n: 8 }]);
  }, 60_000);
});
