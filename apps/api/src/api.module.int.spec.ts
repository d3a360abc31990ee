import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { NestFactory } from '@nestjs/core';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClickHouse, ClickHouseRowReader, migrate } from '#libs/clickhouse';
import { startTestEngine, type TestEngine } from '#libs/clickhouse/testing';
import { EVENTS_TOPIC } from '#libs/contracts';
import { EmbeddedEventLog } from '#libs/event-log/embedded';
import { Access, Health, Metrics, SilentLogger } from '#libs/operations';
import { OperationsModule } from '#libs/operations/nest';
import { EmbeddedStateStore } from '#libs/state-store/embedded';
import { SystemClock } from '#libs/time';
import { ApiModule } from './api.module.js';

const clock = new SystemClock();
let directory: string;
let engine: TestEngine;
let clickhouse: ClickHouse;
let eventLog: EmbeddedEventLog;
let health: Health;
let state: EmbeddedStateStore;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'alperf-api-'));
  engine = await startTestEngine();
  clickhouse = new ClickHouse(engine);
  eventLog = await EmbeddedEventLog.open({ path: join(directory, 'log'), clock, random: () => 0.5 });
  await eventLog.ensureTopic(EVENTS_TOPIC, { partitions: 1 });
  state = await EmbeddedStateStore.open({ path: join(directory, 'state') });
  health = new Health({ clock });
}, 60_000);

afterEach(async () => {
  await state.close();
  await eventLog.close();
  await clickhouse.close();
  await engine.stop();
  rmSync(directory, { recursive: true, force: true });
}, 30_000);

const start = () =>
  NestFactory.createApplicationContext(
    {
      module: class Host {},
      imports: [
        OperationsModule.register({ clock, logger: new SilentLogger(), metrics: new Metrics(), health }),
        ApiModule.register({
          access: new Access({ bind: '127.0.0.1', port: () => 0, origins: [], clock }),
          eventLog,
          state,
          random: () => 0.5,
          rows: new ClickHouseRowReader(clickhouse),
          pageDirectory: directory,
        }),
      ],
    },
    { logger: false, abortOnError: false },
  );

it('names the log and ClickHouse in its readiness, each by itself', async () => {
  const app = await start();
  health.started();
  expect((await health.readiness()).checks).toMatchObject({
    log: { ok: true },
    clickhouse: { ok: false, detail: expect.stringContaining('start the aggregator') },
  });
  await migrate(clickhouse, clock);
  expect(await health.readiness()).toMatchObject({ status: 'ready' });
  await eventLog.close();
  expect(await health.readiness()).toMatchObject({
    status: 'not_ready',
    checks: { log: { ok: false }, clickhouse: { ok: true } },
  });
  await app.close();
}, 60_000);

it('refuses to start on a database of a newer version', async () => {
  await migrate(clickhouse, clock);
  await clickhouse.command("INSERT INTO migrations VALUES (9999, 'of_tomorrow', 'x', now64(3))");
  await expect(start()).rejects.toMatchObject({ code: 'SCHEMA_NEWER' });
}, 60_000);
