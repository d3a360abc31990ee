import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { NestFactory } from '@nestjs/core';
import { Health, Metrics, SilentLogger } from '#libs/operations';
import { OperationsModule } from '#libs/operations/nest';
import { AggregatorModule } from './aggregator.module.js';
import { QUICK, TestAggregation } from './testing/test-aggregation.js';

let test: TestAggregation;

beforeAll(async () => {
  test = await TestAggregation.start();
}, 60_000);
afterAll(() => test.stop(), 30_000);

it('names the log and ClickHouse in its readiness, each by itself', async () => {
  const { clock, clickhouse, log: eventLog } = test;
  const health = new Health({ clock });
  const app = await NestFactory.createApplicationContext(
    {
      module: class Host {},
      imports: [
        OperationsModule.register({ clock, logger: new SilentLogger(), metrics: new Metrics(), health }),
        AggregatorModule.register({ config: QUICK, eventLog, clickhouse }),
      ],
    },
    { logger: false, abortOnError: false },
  );
  health.started();
  expect(await health.readiness()).toMatchObject({
    status: 'ready',
    checks: { log: { ok: true }, clickhouse: { ok: true } },
  });
  await eventLog.close();
  expect(await health.readiness()).toMatchObject({
    status: 'not_ready',
    checks: { log: { ok: false }, clickhouse: { ok: true } },
  });
  await app.close();
}, 60_000);
