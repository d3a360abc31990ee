import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { Kafka, logLevel } from 'kafkajs';
import { ClickHouse, migrate } from '#libs/clickhouse';
import { AGGREGATOR_GROUP, EVENTS_TOPIC } from '#libs/contracts';
import { KafkaEventLog } from '#libs/event-log/kafka';
import { SystemClock } from '#libs/time';
import { describeWithKafka, expectExact, makeTraffic, noTotals, untilCounted } from '#test/support';
import { recordOf } from '../support/records.js';
import { sumTotals } from '../support/totals.js';
import { AggregatorHere } from './aggregator-here.js';
import { AggregatorProcess } from './child.js';
import type { ChildPlan } from './children/plan.js';
import { EngineProcess } from './engine-process.js';
import { QUICK_AGGREGATOR, SESSION_MS } from './timing.js';

const clock = new SystemClock();
const ROUNDS = 4;

describeWithKafka(
  'Two aggregators on Kafka',
  (kafka) => {
    let engine: EngineProcess;
    let clickhouse: ClickHouse;
    let log: KafkaEventLog;

    // One database for one topic: it holds what all these tests have sent.
    let totals = noTotals();
    let seed = 60;
    const appendAtOnce = async () => {
      const startMs = clock.now() - 1_200_000;
      const traffic = makeTraffic({ seed: seed++, emitters: 8, batches: 30, startMs, spanMs: 120_000 });
      totals = sumTotals(totals, traffic.totals);
      await log.append(
        EVENTS_TOPIC,
        traffic.batches.map((batch) => recordOf(batch)),
      );
    };
    // Nobody outlives its test, however that ends: it would keep partitions from the next one.
    const running: (() => Promise<void>)[] = [];
    const spawn = (plan: Pick<ChildPlan, 'suspend'> = {}) => {
      const { url, username, password } = engine;
      const child = new AggregatorProcess();
      running.push(() => child.kill9());
      child.aggregate({
        log: { kind: 'kafka', brokers: kafka().brokers },
        engine: { url, username, password },
        ...plan,
      });
      return child;
    };
    const here = async () => {
      const aggregator = await AggregatorHere.start(log, clickhouse, clock);
      running.push(() => aggregator.stop());
      return aggregator;
    };
    afterEach(async () => {
      await Promise.all(running.splice(0).map((stop) => stop()));
    }, 60_000);

    beforeAll(async () => {
      engine = await EngineProcess.start();
      clickhouse = new ClickHouse(engine);
      await migrate(clickhouse, clock);
      log = await KafkaEventLog.open({
        brokers: kafka().brokers,
        clientId: 'two',
        clock,
        random: Math.random,
        sessionTimeoutMs: SESSION_MS,
      });
      await log.ensureTopic(EVENTS_TOPIC, { partitions: QUICK_AGGREGATOR.partitions });
    }, 60_000);
    afterAll(async () => {
      await log.close();
      await clickhouse.close();
      await engine.stop();
    }, 60_000);

    it('lose and double nothing while one of them is killed and started again under load', async () => {
      const steady = spawn();
      await steady.consuming();
      let round = 0;
      const append = async () => {
        const startMs = clock.now() - 1_200_000;
        const traffic = makeTraffic({ seed: 40 + round++, emitters: 8, batches: 40, startMs, spanMs: 120_000 });
        totals = sumTotals(totals, traffic.totals);
        // Little by little: the load goes on while partitions move.
        for (const batch of traffic.batches) {
          await log.append(EVENTS_TOPIC, [recordOf(batch)]);
          await clock.sleep(10);
        }
      };
      for (let index = 0; index < ROUNDS; index++) {
        const other = spawn();
        await Promise.all([other.consuming(), append()]);
        await Promise.all([other.kill9(), append()]);
      }
      await untilCounted(log, clickhouse, clock);
      await expectExact(clickhouse, totals);
      await steady.kill9();
      await (await here()).expectAudited(clickhouse);
      expect(totals.batches).toBe(ROUNDS * 2 * 40);
    }, 180_000);

    it.each(['rows', 'marks', 'commit'] as const)(
      'change no answer when one is held still before its %s, loses its partitions to the other, and wakes up',
      async (step) => {
        const sleeper = spawn({ suspend: { step, moment: 'before', nth: 1, delayMs: 0 } });
        await sleeper.consuming();
        await appendAtOnce();
        await sleeper.told('suspending');
        const other = await here();
        await untilCounted(log, clickhouse, clock);

        sleeper.wake();
        // Its handler goes on where it was: it writes what the other one has counted, and its commit is refused.
        expect(await sleeper.told('refused')).toMatchObject({ code: 'LOST_PARTITION' });
        // It joins again, and the two go on side by side.
        await appendAtOnce();
        await untilCounted(log, clickhouse, clock);
        await sleeper.kill9();
        await expectExact(clickhouse, totals);
        await other.expectAudited(clickhouse);
      },
      240_000,
    );

    it('change no answer when the committed offsets have vanished', async () => {
      await appendAtOnce();
      const before = await here();
      await untilCounted(log, clickhouse, clock);
      await before.stop();
      await expectExact(clickhouse, totals);
      await forgetCommits(kafka().brokers);
      expect(await log.committed(EVENTS_TOPIC, AGGREGATOR_GROUP)).toEqual([]);
      const after = await here();
      await untilCounted(log, clickhouse, clock);
      await expectExact(clickhouse, totals);
      await after.expectAudited(clickhouse);
    }, 120_000);
  },
  { own: true },
);

async function forgetCommits(brokers: string[]): Promise<void> {
  const admin = new Kafka({ brokers, clientId: 'two', logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.deleteGroups([AGGREGATOR_GROUP]);
  await admin.disconnect();
}
