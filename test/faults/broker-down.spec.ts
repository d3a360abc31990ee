import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClickHouse, migrate } from '#libs/clickhouse';
import { startTestEngine, type TestEngine } from '#libs/clickhouse/testing';
import { KafkaEventLog } from '#libs/event-log/kafka';
import { createTelemetry } from '#libs/telemetry/node';
import { SystemClock } from '#libs/time';
import { describeWithKafka, expectExact, makeTraffic, noTotals, sumTotals, untilCounted } from '#test/support';
import { RunningCollector, type Answer } from '../../apps/collector/src/testing/running-collector.js';
import { AggregatorHere } from './aggregator-here.js';
import { QUICK_AGGREGATOR, SESSION_MS } from './timing.js';

const clock = new SystemClock();
const OUTAGE_MS = 20_000;
/** How long the host goes on recording before and after the outage, ms. */
const AROUND_MS = 2_000;
/** So that the outage is longer than what one append waits. */
const DELIVERY_TIMEOUT_MS = 3_000;

describeWithKafka(
  'A broker that is down for a while',
  (kafka) => {
    let engine: TestEngine;
    let clickhouse: ClickHouse;
    let log: KafkaEventLog;
    let collector: RunningCollector;
    let spool: string;

    beforeAll(async () => {
      spool = mkdtempSync(join(tmpdir(), 'alperf-broker-down-'));
      engine = await startTestEngine();
      clickhouse = new ClickHouse(engine);
      await migrate(clickhouse, clock);
      log = await KafkaEventLog.open({
        brokers: kafka().brokers,
        clientId: 'broker-down',
        clock,
        random: Math.random,
        sessionTimeoutMs: SESSION_MS,
        deliveryTimeoutMs: DELIVERY_TIMEOUT_MS,
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
      rmSync(spool, { recursive: true, force: true });
    }, 60_000);

    it('is answered 503 with Retry-After, and loses and doubles nothing once it is back', async () => {
      const aggregator = await AggregatorHere.start(log, clickhouse, clock);
      const telemetry = createTelemetry({
        service: 'reader',
        version: '1.0.0',
        endpoint: `http://127.0.0.1:${collector.port}`,
        spool,
      });
      const opened = telemetry.metric('opened_total', { type: 'counter' }).with({});
      const emitted = noTotals();
      const recordFor = async (ms: number) => {
        for (const end = clock.monotonic() + ms; clock.monotonic() < end; await clock.sleep(10)) {
          const bytes = 1_000 + emitted.loads.events;
          const totalNs = 1_000_000 + emitted.loads.events;
          telemetry.loads.finished({
            resource: 'document',
            source: 'peer',
            priority: 'visible',
            trigger: 'direct',
            outcome: 'ok',
            queuedNs: 1_000,
            totalNs,
            bytes,
            attempts: 1,
          });
          opened.add(3);
          emitted.loads.events++;
          emitted.loads.bytes += bytes;
          emitted.loads.totalNs += totalNs;
          emitted.metrics.counterSum += 3;
        }
      };

      await recordFor(AROUND_MS);
      await kafka().kill9();
      const probe = makeTraffic({ seed: 3, batches: 1, startMs: clock.now() - 1_200_000 });
      const post = () => collector.send(JSON.stringify(probe.batches[0]));
      const [refused] = await Promise.all([post(), recordFor(OUTAGE_MS)]);
      expect(refused).toMatchObject({ status: 503, json: { type: 'urn:alperf:problem:LOG_UNAVAILABLE' } });
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
      expect(telemetry.stats().unacknowledgedBatches).toBeGreaterThan(0);
      await kafka().restart();

      // A refused batch may be in the log all the same: the same bytes again count once.
      let again: Answer = refused;
      for (let attempt = 0; again.status === 503 && attempt < 10; attempt++) again = await post();
      expect(again.status).toBe(202);
      await recordFor(AROUND_MS);
      expect(await telemetry.shutdown({ deadlineMs: 20_000 })).toBe(true);
      const { dropped, accepted, rejected, retries, sentBatches } = telemetry.stats();
      expect({ dropped, rejected }).toEqual({ dropped: {}, rejected: 0 });
      expect(retries).toBeGreaterThan(0);
      emitted.events = accepted;
      emitted.batches = sentBatches;
      emitted.metrics.events = accepted - emitted.loads.events;

      await untilCounted(log, clickhouse, clock);
      await expectExact(clickhouse, sumTotals(emitted, probe.totals));
      await aggregator.expectAudited(clickhouse);
      await aggregator.stop();
    }, 120_000);
  },
  { own: true },
);
