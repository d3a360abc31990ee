import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { NestFactory } from '@nestjs/core';
import { Health, Metrics, SilentLogger, type Logger } from '#libs/operations';
import { OperationsModule } from '#libs/operations/nest';
import { RecordingLogger } from '#libs/operations/testing';
import { AggregatorModule } from './aggregator.module.js';
import { engineOfFile, QUICK, TestAggregation } from './testing/test-aggregation.js';

const engine = engineOfFile();
let test: TestAggregation;

beforeEach(async () => {
  test = await TestAggregation.start(engine());
}, 60_000);
afterEach(() => test.stop(), 30_000);

async function host(logger: Logger) {
  const { clock, clickhouse, log: eventLog } = test;
  const health = new Health({ clock });
  const app = await NestFactory.createApplicationContext(
    {
      module: class Host {},
      imports: [
        OperationsModule.register({ clock, logger, metrics: new Metrics(), health }),
        AggregatorModule.register({ config: QUICK, eventLog, clickhouse }),
      ],
    },
    { logger: false, abortOnError: false },
  );
  health.started();
  return { app, health };
}

it('starts although the log does not say how long it keeps records, and tells', async () => {
  const retention = jest.spyOn(test.log, 'retention').mockRejectedValue(new Error('Not authorized.'));
  const logger = new RecordingLogger();
  const { app, health } = await host(logger);
  try {
    expect(await health.readiness()).toMatchObject({
      status: 'not_ready',
      checks: { 'log retention': { ok: false, detail: 'Not authorized.' } },
    });
    expect(logger.lines).toContainEqual(
      expect.objectContaining({ level: 'error', fields: expect.objectContaining({ problem: 'Not authorized.' }) }),
    );
  } finally {
    retention.mockRestore();
    await app.close();
  }
}, 60_000);

it('names the log and ClickHouse in its readiness, each by itself', async () => {
  const { log: eventLog } = test;
  const { app, health } = await host(new SilentLogger());
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
