import 'reflect-metadata';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { EventLog } from '#libs/event-log';
import {
  Access,
  createLogger,
  Health,
  KeysFile,
  loadSettings,
  Metrics,
  runProgram,
  Shutdown,
  type Logger,
} from '#libs/operations';
import { guardHost, httpAdapter, NestLogger, OperationsModule, ProblemFilter } from '#libs/operations/nest';
import { SystemClock, type Clock } from '#libs/time';
import { CollectorModule } from './collector.module.js';
import { collectorConfig, collectorProgramSettings } from './config.js';
import { NoLagCheck, PeriodicLagCheck } from './publish/lag-check.js';

await runProgram(process, async () => {
  const { values } = loadSettings(collectorProgramSettings, { env: process.env, cwd: process.cwd() });
  const clock = new SystemClock();
  const format = values.logFormat === 'auto' ? (process.stdout.isTTY ? 'short' : 'json') : values.logFormat;
  const log = createLogger({ app: 'collector', level: values.logLevel, format });
  const shutdown = new Shutdown({ clock, log });
  const keys = await openKeys(values.keysFile, clock, log);
  if (keys !== undefined) shutdown.add('close', 'keys file', () => keys.close());

  const adapter = httpAdapter({ maxConnections: values.maxConnections });
  const server = adapter.getInstance().server;
  const port = () => (server.address() as { port: number } | null)?.port ?? values.httpPort;
  const access = new Access({
    bind: values.bind,
    port,
    origins: values.origins,
    clock,
    ...(keys !== undefined && { keys: () => keys.keys }),
  });
  guardHost(adapter, { bind: values.bind, needsKey: access.needsKey });

  const eventLog = await openLog(values, clock);
  shutdown.add('close', 'log', () => eventLog.close());
  const lagCheck = values.log === 'kafka' ? new PeriodicLagCheck(eventLog, clock) : new NoLagCheck();
  if (lagCheck instanceof PeriodicLagCheck) {
    await lagCheck.start();
    shutdown.add('drain', 'lag check', () => lagCheck.close());
  }

  const health = new Health({ clock });
  const metrics = new Metrics({ process: true });
  const app = await NestFactory.create<NestFastifyApplication>(
    {
      module: class CollectorApp {},
      imports: [
        OperationsModule.register({ clock, logger: log, metrics, health }),
        CollectorModule.register({ config: collectorConfig(values), access, eventLog, lagCheck }),
      ],
    },
    adapter,
    { bodyParser: false, logger: new NestLogger(log), abortOnError: false },
  );
  app.useGlobalFilters(new ProblemFilter(log));
  shutdown.add('stop taking', 'http', () => {
    health.stopping();
    return app.close();
  });
  await app.listen(values.httpPort, values.bind);
  health.started();
  log.info('Collector listens.', { bind: values.bind, port: port(), log: values.log, keys: access.needsKey });
  return { log, shutdown };
});

async function openKeys(path: string | undefined, clock: Clock, log: Logger): Promise<KeysFile | undefined> {
  if (path === undefined) return undefined;
  return KeysFile.open({
    path,
    clock,
    onReload: (outcome) =>
      'keys' in outcome
        ? log.info('Keys file taken over.', outcome)
        : log.error('Keys file cannot be used; the keys before it stay in force.', outcome),
  });
}

/** Only the adapter that is used gets loaded: an image for Kafka needs no LMDB. */
async function openLog(
  {
    log,
    dataDir,
    kafkaBrokers,
    logRetentionHours,
  }: { log: string; dataDir: string; kafkaBrokers: readonly string[]; logRetentionHours: number },
  clock: Clock,
): Promise<EventLog> {
  const random = Math.random;
  const retentionMs = logRetentionHours * 3_600_000;
  if (log === 'embedded') {
    const { EmbeddedEventLog } = await import('#libs/event-log/embedded');
    return EmbeddedEventLog.open({ path: join(dataDir, 'log'), clock, random, retention: { maxAgeMs: retentionMs } });
  }
  const { KafkaEventLog } = await import('#libs/event-log/kafka');
  return KafkaEventLog.open({
    brokers: kafkaBrokers,
    clientId: 'alperf-collector',
    clock,
    random,
    topics: { retentionMs },
  });
}
