import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ClickHouse, ClickHouseRowReader } from '#libs/clickhouse';
import { KafkaEventLog } from '#libs/event-log/kafka';
import { Access, createLogger, Health, KeysFile, loadSettings, Metrics, runProgram, Shutdown } from '#libs/operations';
import { guardHost, httpAdapter, NestLogger, OperationsModule, ProblemFilter } from '#libs/operations/nest';
import { SystemClock } from '#libs/time';
import { ApiModule } from './api.module.js';
import { apiProgramSettings } from './config.js';
import { SqlGate } from './sql/sql-gate.js';

await runProgram(process, async () => {
  const { values } = loadSettings(apiProgramSettings, { env: process.env, cwd: process.cwd() });
  const { bind, origins } = values;
  const clock = new SystemClock();
  const format = values.logFormat === 'auto' ? (process.stdout.isTTY ? 'short' : 'json') : values.logFormat;
  const log = createLogger({ app: 'api', level: values.logLevel, format });
  const shutdown = new Shutdown({ clock, log });
  const keys = values.keysFile === undefined ? undefined : await KeysFile.open({ path: values.keysFile, clock });
  if (keys !== undefined) shutdown.add('close', 'keys file', () => keys.close());
  const inForce = keys === undefined ? {} : { keys: () => keys.keys };

  const adapter = httpAdapter();
  const server = adapter.getInstance().server;
  const port = () => (server.address() as { port: number } | null)?.port ?? values.httpPort;
  const access = new Access({ bind, port, origins, clock, ...inForce });
  guardHost(adapter, { bind, needsKey: access.needsKey });
  const eventLog = await KafkaEventLog.open({
    brokers: values.kafkaBrokers,
    clientId: 'alperf-api',
    clock,
    random: Math.random,
  });
  shutdown.add('close', 'log', () => eventLog.close());
  const { clickhouseUrl: url, clickhouseUser: username, clickhouseDatabase: database } = values;
  const password =
    values.clickhousePasswordFile === undefined
      ? (values.clickhousePassword ?? '')
      : readFileSync(values.clickhousePasswordFile, 'utf8').trim();
  const clickhouse = new ClickHouse({ url, username, password, database });
  shutdown.add('close', 'clickhouse', () => clickhouse.close());
  const sqlGate = SqlGate.create({
    listen: { host: bind, port: values.sqlPort },
    upstream: { url, username, password },
    databases: [database],
    origins,
    ...inForce,
    clock,
  });

  const health = new Health({ clock });
  const app = await NestFactory.create<NestFastifyApplication>(
    {
      module: class ApiApp {},
      imports: [
        OperationsModule.register({ clock, logger: log, metrics: new Metrics({ process: true }), health }),
        ApiModule.register({
          access,
          eventLog,
          rows: new ClickHouseRowReader(clickhouse),
          sqlGate,
          pageDirectory: fileURLToPath(new URL('../../../dashboards/web', import.meta.url)),
        }),
      ],
    },
    adapter,
    { bodyParser: false, logger: new NestLogger(log), abortOnError: false },
  );
  app.useGlobalFilters(new ProblemFilter(log));
  shutdown.add('stop taking', 'http and SQL', () => {
    health.stopping();
    return app.close();
  });
  await app.listen(values.httpPort, bind);
  health.started();
  log.info('API listens.', { bind, port: port(), sqlPort: sqlGate.port, keys: access.needsKey });
  return { log, shutdown };
});
