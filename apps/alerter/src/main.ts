import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ClickHouse, ClickHouseRowReader } from '#libs/clickhouse';
import { KafkaEventLog } from '#libs/event-log/kafka';
import { Access, createLogger, Health, KeysFile, loadSettings, Metrics, runProgram, Shutdown } from '#libs/operations';
import { guardHost, httpAdapter, NestLogger, OperationsModule, ProblemFilter } from '#libs/operations/nest';
import { KafkaStateStore } from '#libs/state-store/kafka';
import { SystemClock } from '#libs/time';
import { AlerterModule } from './alerter.module.js';
import { alerterConfig, alerterProgramSettings } from './config.js';

/** Below the time after which another alerter takes over. */
const STATE_TIMEOUT_MS = 5_000;

await runProgram(process, async () => {
  const { values } = loadSettings(alerterProgramSettings, { env: process.env, cwd: process.cwd() });
  const { bind, origins } = values;
  const clock = new SystemClock();
  const format = values.logFormat === 'auto' ? (process.stdout.isTTY ? 'short' : 'json') : values.logFormat;
  const log = createLogger({ app: 'alerter', level: values.logLevel, format });
  const shutdown = new Shutdown({ clock, log });
  const keys = values.keysFile === undefined ? undefined : await KeysFile.open({ path: values.keysFile, clock });
  if (keys !== undefined) shutdown.add('close', 'keys file', () => keys.close());

  const adapter = httpAdapter({ maxConnections: 100 });
  const server = adapter.getInstance().server;
  const port = () => (server.address() as { port: number } | null)?.port ?? values.httpPort;
  const access = new Access({ bind, port, origins, clock, ...(keys !== undefined && { keys: () => keys.keys }) });
  guardHost(adapter, { bind, needsKey: access.needsKey });

  const kafka = { brokers: values.kafkaBrokers, clientId: 'alperf-alerter', clock, random: Math.random };
  const eventLog = await KafkaEventLog.open(kafka);
  shutdown.add('close', 'log', () => eventLog.close());
  const state = await KafkaStateStore.open({ ...kafka, timeoutMs: STATE_TIMEOUT_MS });
  shutdown.add('close', 'state', () => state.close());
  const password =
    values.clickhousePasswordFile === undefined
      ? (values.clickhousePassword ?? '')
      : readFileSync(values.clickhousePasswordFile, 'utf8').trim();
  const clickhouse = new ClickHouse({
    url: values.clickhouseUrl,
    username: values.clickhouseUser,
    password,
    database: values.clickhouseDatabase,
  });
  shutdown.add('close', 'clickhouse', () => clickhouse.close());

  const health = new Health({ clock });
  const app = await NestFactory.create<NestFastifyApplication>(
    {
      module: class AlerterApp {},
      imports: [
        OperationsModule.register({ clock, logger: log, metrics: new Metrics({ process: true }), health }),
        AlerterModule.register({
          config: alerterConfig(values),
          access,
          eventLog,
          rows: new ClickHouseRowReader(clickhouse),
          state,
        }),
      ],
    },
    adapter,
    { bodyParser: false, logger: new NestLogger(log), abortOnError: false },
  );
  app.useGlobalFilters(new ProblemFilter(log));
  shutdown.add('stop taking', 'http and evaluation', () => {
    health.stopping();
    return app.close();
  });
  await app.listen(values.httpPort, bind);
  health.started();
  log.info('Alerter listens.', { bind, port: port(), keys: access.needsKey });
  return { log, shutdown };
});
