import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { readFileSync } from 'node:fs';
import { ClickHouse } from '#libs/clickhouse';
import { createLogger, Health, loadSettings, Metrics, runProgram, Shutdown } from '#libs/operations';
import { guardHost, httpAdapter, NestLogger, OperationsModule, ProblemFilter } from '#libs/operations/nest';
import { SystemClock } from '#libs/time';
import { Aggregator } from './aggregator.js';
import { AggregatorModule, aggregatorTransport, connectAggregator } from './aggregator.module.js';
import { aggregatorConfig, aggregatorProgramSettings } from './config.js';

await runProgram(process, async () => {
  const { values } = loadSettings(aggregatorProgramSettings, { env: process.env, cwd: process.cwd() });
  const clock = new SystemClock();
  const format = values.logFormat === 'auto' ? (process.stdout.isTTY ? 'short' : 'json') : values.logFormat;
  const log = createLogger({ app: 'aggregator', level: values.logLevel, format });
  const shutdown = new Shutdown({ clock, log });

  const { KafkaEventLog } = await import('#libs/event-log/kafka');
  const eventLog = await KafkaEventLog.open({
    brokers: values.kafkaBrokers,
    clientId: 'alperf-aggregator',
    clock,
    random: Math.random,
    topics: { retentionMs: values.logRetentionHours * 3_600_000 },
  });
  shutdown.add('close', 'log', () => eventLog.close());
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

  const adapter = httpAdapter({ maxConnections: 100 });
  guardHost(adapter, values);
  const health = new Health({ clock });
  const metrics = new Metrics({ process: true });
  const app = await NestFactory.create<NestFastifyApplication>(
    {
      module: class AggregatorApp {},
      imports: [
        OperationsModule.register({ clock, logger: log, metrics, health }),
        AggregatorModule.register({ config: aggregatorConfig(values), eventLog, clickhouse }),
      ],
    },
    adapter,
    { bodyParser: false, logger: new NestLogger(log) },
  );
  app.useGlobalFilters(new ProblemFilter(log));
  const transport = aggregatorTransport(eventLog);
  app.connectMicroservice({ strategy: transport });
  connectAggregator(transport, app.get(Aggregator), log);
  shutdown.add('stop taking', 'consumers and http', () => {
    health.stopping();
    return app.close();
  });
  await app.init();
  await app.startAllMicroservices();
  await app.listen(values.httpPort, values.bind);
  health.started();
  log.info('Aggregator consumes.', { bind: values.bind, port: values.httpPort });
  return { log, shutdown };
});
