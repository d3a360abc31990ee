import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClickHouse, migrate } from '#libs/clickhouse';
import { EVENTS_TOPIC } from '#libs/contracts';
import type { EventLog } from '#libs/event-log';
import { EmbeddedEventLog } from '#libs/event-log/embedded';
import { KafkaEventLog } from '#libs/event-log/kafka';
import { SystemClock } from '#libs/time';
import { describeWithKafka, expectExact, makeTraffic, noTotals, seededRandom, untilCounted } from '#test/support';
import { recordOf } from '../support/records.js';
import { sumTotals } from '../support/totals.js';
import { AggregatorProcess } from './child.js';
import type { ChildPlan } from './children/plan.js';
import { EngineProcess } from './engine-process.js';
import { killPoint, killsOf } from './kill-plan.js';
import { AggregatorHere } from './aggregator-here.js';
import { QUICK_AGGREGATOR } from './timing.js';

const clock = new SystemClock();
const SEED = Number(process.env['ALPERF_TEST_SEED'] ?? 20_261_124);
const KILLS = killsOf(process.env['ALPERF_TEST_KILLS'], 20);
/** A dead member keeps its group waiting for a session timeout: a kill costs some 2.5 s here. */
const KAFKA_KILLS = killsOf(process.env['ALPERF_TEST_KILLS_KAFKA'], Math.min(KILLS, 60));
/** After so many kills everything is counted to its end and compared. */
const KILLS_A_CHECK = 10;
const CHUNK_BATCHES = 8;

let engine: EngineProcess;
let clickhouse: ClickHouse;
/** Loads while the one before it works towards its kill. */
let next: AggregatorProcess | undefined;

function loadedChild(): AggregatorProcess {
  const child = next ?? new AggregatorProcess();
  next = new AggregatorProcess();
  return child;
}

async function startEngine(): Promise<void> {
  engine = await EngineProcess.start();
  clickhouse = new ClickHouse(engine);
  await migrate(clickhouse, clock);
}

async function stopEngine(): Promise<void> {
  await next?.kill9();
  next = undefined;
  await clickhouse?.close();
  await engine?.stop();
}

/**
 * Hands fresh batches to a child that kills itself, again and again, each child going on where the one before died.
 * @param whileClosed runs a child while this process does not hold the log.
 */
async function killAgainAndAgain(
  kills: number,
  log: () => EventLog,
  whileClosed: (run: () => Promise<void>) => Promise<void>,
  planLog: ChildPlan['log'],
): Promise<void> {
  const random = seededRandom(SEED);
  const { url, username, password } = engine;
  let totals = noTotals();
  const started = performance.now();
  for (let index = 0; index < kills; index++) {
    const traffic = makeTraffic({
      seed: SEED + index,
      batches: CHUNK_BATCHES,
      eventsPerBatch: 30,
      startMs: clock.now() - 1_200_000,
      spanMs: 120_000,
    });
    totals = sumTotals(totals, traffic.totals);
    await log().append(
      EVENTS_TOPIC,
      traffic.batches.map((batch) => recordOf(batch)),
    );
    const kill = killPoint(index, random);
    await whileClosed(async () => {
      const child = loadedChild();
      child.aggregate({ log: planLog, engine: { url, username, password }, kill });
      await child.killedItself().catch((error: unknown) => {
        throw new Error(`Kill ${index} of seed ${SEED}, ${JSON.stringify(kill)}`, { cause: error });
      });
    });
    if ((index + 1) % KILLS_A_CHECK !== 0 && index + 1 !== kills) continue;
    const aggregator = await AggregatorHere.start(log(), clickhouse, clock);
    await untilCounted(log(), clickhouse, clock);
    await expectExact(clickhouse, totals);
    await aggregator.expectAudited(clickhouse);
    await aggregator.stop();
  }
  process.stderr.write(`${kills} kills (${planLog.kind}) in ${((performance.now() - started) / 1_000).toFixed(1)} s\n`);
}

describe('An aggregator that is killed before, during and after its writes, on the embedded log', () => {
  let path: string;
  let log: EmbeddedEventLog;
  const open = async () => {
    log = await EmbeddedEventLog.open({ path, clock, random: Math.random });
  };

  beforeAll(async () => {
    path = mkdtempSync(join(tmpdir(), 'alperf-killed-aggregator-'));
    await startEngine();
    await open();
    await log.ensureTopic(EVENTS_TOPIC, { partitions: QUICK_AGGREGATOR.partitions });
  }, 60_000);
  afterAll(async () => {
    await log?.close();
    await stopEngine();
    rmSync(path, { recursive: true, force: true });
  }, 60_000);

  it(
    `loses and doubles nothing in ${KILLS} kills`,
    async () => {
      const whileClosed = async (run: () => Promise<void>) => {
        await log.close();
        await run();
        await open();
      };
      await killAgainAndAgain(KILLS, () => log, whileClosed, { kind: 'embedded', path });
      expect(await log.ranges(EVENTS_TOPIC)).toHaveLength(QUICK_AGGREGATOR.partitions);
    },
    120_000 + KILLS * 15_000,
  );
});

describeWithKafka(
  'An aggregator that is killed before, during and after its writes, on Kafka',
  (kafka) => {
    let log: KafkaEventLog;

    beforeAll(async () => {
      await startEngine();
      log = await KafkaEventLog.open({ brokers: kafka().brokers, clientId: 'killer', clock, random: Math.random });
      await log.ensureTopic(EVENTS_TOPIC, { partitions: QUICK_AGGREGATOR.partitions });
    }, 60_000);
    afterAll(async () => {
      await log?.close();
      await stopEngine();
    }, 60_000);

    it(
      `loses and doubles nothing in ${KAFKA_KILLS} kills${KAFKA_KILLS < KILLS ? ` of the ${KILLS} asked for: set ALPERF_TEST_KILLS_KAFKA for more` : ''}`,
      async () => {
        await killAgainAndAgain(
          KAFKA_KILLS,
          () => log,
          (run) => run(),
          { kind: 'kafka', brokers: kafka().brokers },
        );
        expect(await log.ranges(EVENTS_TOPIC)).toHaveLength(QUICK_AGGREGATOR.partitions);
      },
      120_000 + KAFKA_KILLS * 15_000,
    );
  },
  { own: true },
);
