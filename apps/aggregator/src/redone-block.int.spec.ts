import { afterEach, beforeEach, it } from '@jest/globals';
import { AGGREGATOR_GROUP, EVENTS_TOPIC } from '#libs/contracts';
import { expectExact, makeTraffic, untilCounted } from '#test/support';
import { engineOfFile, TestAggregation } from './testing/test-aggregation.js';

const engine = engineOfFile();
let tests: TestAggregation;

beforeEach(async () => {
  tests = await TestAggregation.start(engine());
}, 180_000);

afterEach(async () => {
  await tests.stop();
});

/** Waits until so many records are committed, over all partitions. */
async function untilCommitted(records: number): Promise<void> {
  for (;;) {
    const committed = await tests.log.committed(EVENTS_TOPIC, AGGREGATOR_GROUP);
    if (committed.reduce((sum, { offset }) => sum + Number(offset), 0) === records) return;
    await tests.clock.sleep(10);
  }
}

// Found by 200 kills: the mark of a block that is done again had the identity of one that was consumed before the crash.
it('recounts what came after a block that was done again, also when the next crash comes before its recount', async () => {
  const { batches, totals } = makeTraffic({
    seed: 31,
    emitters: 1,
    batches: 2,
    startMs: tests.clock.now() - 60_000,
    spanMs: 1,
  });
  await tests.append(batches.slice(0, 1));
  const first = await tests.aggregate();
  await untilCounted(tests.log, tests.clickhouse, tests.clock);
  await first.stop();
  // It crashed before its commit.
  await tests.log.forgetGroup(EVENTS_TOPIC, AGGREGATOR_GROUP);

  const second = await tests.aggregate(tests.clickhouse, { recountIntervalMs: 60_000 });
  await untilCommitted(1);
  await tests.append(batches.slice(1));
  await untilCommitted(2);
  // It crashes before any recount.
  await second.stop();

  await tests.aggregate();
  await untilCounted(tests.log, tests.clickhouse, tests.clock);
  await expectExact(tests.clickhouse, totals);
}, 180_000);
