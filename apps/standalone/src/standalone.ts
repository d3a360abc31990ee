import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Aggregator, aggregatorConfig, aggregatorTransport, connectAggregator } from '#apps/aggregator';
import { alerterConfig } from '#apps/alerter';
import { SqlGate } from '#apps/api';
import { collectorConfig } from '#apps/collector';
import { ClickHouse, ClickHouseRowReader } from '#libs/clickhouse';
import { startEmbeddedEngine, type EmbeddedEngine } from '#libs/clickhouse/embedded';
import { EmbeddedEventLog } from '#libs/event-log/embedded';
import {
  Access,
  Health,
  isLoopback,
  KeysFile,
  lockDirectory,
  Metrics,
  Shutdown,
  SilentLogger,
  type Logger,
  type ShutdownResult,
} from '#libs/operations';
import { guardHost, httpAdapter, NestLogger, ProblemFilter } from '#libs/operations/nest';
import { EmbeddedStateStore } from '#libs/state-store/embedded';
import { SystemClock, type Clock } from '#libs/time';
import { standaloneDefaults, type StandaloneConfig } from './config.js';
import { StandaloneModule } from './standalone.module.js';

/** Settings, each with its default, and what a host may bring along. */
export interface StandaloneOptions extends Partial<StandaloneConfig> {
  readonly clock?: Clock;
  readonly log?: Logger;
  /** Yields [0, 1). */
  readonly random?: () => number;
  /** Whether `/metrics` shows the process's own metrics too: once per process. */
  readonly processMetrics?: boolean;
  /** Directory of the built page. Default: where the build puts it. */
  readonly pageDirectory?: string;
}

export interface Standalone {
  /** `http://127.0.0.1:PORT`: page, API and collector. */
  readonly url: string;
  /** `http://127.0.0.1:PORT`: SQL for people. */
  readonly sqlUrl: string;
  /** Absolute. */
  readonly dataDir: string;
  readonly needsKey: boolean;
  readonly shutdown: Shutdown;
  /** Takes no more, finishes what was taken, closes. Idempotent. */
  stop(): Promise<ShutdownResult>;
}

/** `dist/dashboards/web`, seen from the build and from the sources alike. */
const PAGE = fileURLToPath(
  new URL(
    import.meta.url.includes('/dist/apps/') ? '../../../dashboards/web' : '../../../dist/dashboards/web',
    import.meta.url,
  ),
);

/**
 * Starts all of it in this process: the embedded log and engine, the aggregator, then collector, alerter, API and page on one
 * port. Resolves when it takes events. What was started is stopped again when a later part fails.
 *
 * @throws SettingsError when bound to more than loopback without keys, DirectoryLockedError when another process has
 *   the data, and whatever keeps a port from being taken.
 */
export async function startStandalone(options: StandaloneOptions = {}): Promise<Standalone> {
  const { clock = new SystemClock(), log = new SilentLogger() } = options;
  const shutdown = new Shutdown({ clock, log });
  try {
    return await start({ ...standaloneDefaults(), ...options, clock, log }, shutdown);
  } catch (error) {
    await shutdown.run();
    throw error;
  }
}

async function start(
  options: StandaloneOptions & StandaloneConfig & { clock: Clock; log: Logger },
  shutdown: Shutdown,
): Promise<Standalone> {
  const { clock, log, random = Math.random } = options;
  const dataDir = resolve(options.dataDir);
  const health = new Health({ clock });
  const metrics = new Metrics({ process: options.processMetrics === true });

  // Who may call comes first: a refusal must not leave a directory behind.
  const keys = await openKeys(options, shutdown);
  const adapter = httpAdapter({ maxConnections: options.maxConnections });
  const server = adapter.getInstance().server;
  const port = () => (server.address() as { port: number } | null)?.port ?? options.httpPort;
  const { bind, origins } = options;
  const access = new Access({ bind, port, origins, clock, ...(keys !== undefined && { keys: () => keys.keys }) });
  guardHost(adapter, { bind, needsKey: access.needsKey });

  const lock = lockDirectory(dataDir);
  shutdown.add('close', 'data directory', () => lock.release());
  const [eventLog, state, { engine, clickhouse }] = await Promise.all([
    openLog(join(dataDir, 'log'), options.logRetentionHours * 3_600_000, clock, random, shutdown),
    openState(join(dataDir, 'state'), shutdown),
    openDatabase(join(dataDir, 'clickhouse'), shutdown),
  ]);
  const rows = new ClickHouseRowReader(clickhouse);

  const sqlGate = SqlGate.create({
    listen: { host: bind, port: options.sqlPort },
    upstream: { url: engine.url, username: engine.username, password: engine.password },
    databases: [clickhouse.database],
    origins,
    ...(keys !== undefined && { keys: () => keys.keys }),
    clock,
  });
  const app = await NestFactory.create<NestFastifyApplication>(
    StandaloneModule.register({
      operations: { clock, logger: log, metrics, health },
      collector: { config: collectorConfig(options), access, eventLog },
      aggregator: { config: aggregatorConfig(options), eventLog, clickhouse },
      alerter: { config: alerterConfig(options), access, eventLog, rows, state },
      api: {
        access,
        eventLog,
        rows,
        sqlGate,
        pageDirectory: options.pageDirectory ?? PAGE,
      },
    }),
    adapter,
    { bodyParser: false, logger: new NestLogger(log), abortOnError: false },
  );
  app.useGlobalFilters(new ProblemFilter(log));
  const transport = aggregatorTransport(eventLog);
  app.connectMicroservice({ strategy: transport });
  connectAggregator(transport, app.get(Aggregator), log);
  shutdown.add('stop taking', 'http and consumers', () => {
    health.stopping();
    return app.close();
  });
  await app.init();
  await app.startAllMicroservices();
  await app.listen(options.httpPort, bind);
  health.started();
  const host = isLoopback(bind) ? bind : '127.0.0.1';
  return {
    url: `http://${host}:${port()}`,
    sqlUrl: `http://${host}:${sqlGate.port}`,
    dataDir,
    needsKey: access.needsKey,
    shutdown,
    stop: () => shutdown.run(),
  };
}

async function openKeys(
  { keysFile, clock, log }: StandaloneConfig & { clock: Clock; log: Logger },
  shutdown: Shutdown,
): Promise<KeysFile | undefined> {
  if (keysFile === undefined) return undefined;
  const keys = await KeysFile.open({
    path: keysFile,
    clock,
    onReload: (outcome) =>
      'keys' in outcome
        ? log.info('Keys file taken over.', outcome)
        : log.error('Keys file cannot be used; the keys before it stay in force.', outcome),
  });
  shutdown.add('close', 'keys file', () => keys.close());
  return keys;
}

async function openLog(
  path: string,
  maxAgeMs: number,
  clock: Clock,
  random: () => number,
  shutdown: Shutdown,
): Promise<EmbeddedEventLog> {
  const eventLog = await EmbeddedEventLog.open({ path, clock, random, retention: { maxAgeMs } });
  shutdown.add('close', 'log', () => eventLog.close());
  return eventLog;
}

async function openState(path: string, shutdown: Shutdown): Promise<EmbeddedStateStore> {
  const state = await EmbeddedStateStore.open({ path });
  shutdown.add('close', 'state', () => state.close());
  return state;
}

async function openDatabase(
  path: string,
  shutdown: Shutdown,
): Promise<{ engine: EmbeddedEngine; clickhouse: ClickHouse }> {
  const engine = await startEmbeddedEngine({ path });
  shutdown.add('close', 'engine', () => engine.stop());
  const clickhouse = new ClickHouse(engine);
  shutdown.add('close', 'client', () => clickhouse.close());
  return { engine, clickhouse };
}
