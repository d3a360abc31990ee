import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { aggregatorConfig, consumeWithAggregator } from '#apps/aggregator';
import { alerterConfig } from '#apps/alerter';
import { SqlGate } from '#apps/api';
import { collectorConfig } from '#apps/collector';
import { ClickHouse, ClickHouseRowReader } from '#libs/clickhouse';
import { startEmbeddedEngine, type EmbeddedEngine } from '#libs/clickhouse/embedded';
import { EmbeddedEventLog } from '#libs/event-log/embedded';
import {
  directoryHolder,
  DirectoryLockedError,
  localUrl,
  lockDirectory,
  Shutdown,
  SilentLogger,
  type Logger,
  type ShutdownResult,
} from '#libs/operations';
import { createProgramHost, openHttpDoor, tryPort } from '#libs/operations/nest';
import { EmbeddedStateStore } from '#libs/state-store/embedded';
import { SystemClock, type Clock } from '#libs/time';
import { checkTogether, standaloneDefaults, type StandaloneConfig } from './config.js';
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
  /** Page, API and collector, as a program of this machine reaches them: `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** SQL for people, likewise. */
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
 * @throws SettingsError when settings do not fit together, when the data folder cannot be made, and when bound to more
 *   than loopback without keys, DirectoryLockedError when another process has
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
  const { bind, origins } = options;
  const program = { clock, log, shutdown };
  const dataDir = resolve(options.dataDir);
  checkTogether(options);

  // Who may call comes first: a refusal must not leave a directory behind.
  const { adapter, access, inForce } = await openHttpDoor(options, program, { maxConnections: options.maxConnections });

  // A port that is taken is told before anything is made, too. Whoever takes it from here on is told of at the listening.
  for (const port of [options.httpPort, options.sqlPort])
    await tryPort(bind, port).catch((error: unknown) => {
      throw whoHas(dataDir) ?? error;
    });

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
    ...inForce,
    clock,
  });
  const host = await createProgramHost(program, {
    adapter,
    processMetrics: options.processMetrics === true,
    modules: [
      StandaloneModule.register({
        collector: { config: collectorConfig(options), access, eventLog },
        aggregator: { config: aggregatorConfig(options), eventLog, clickhouse },
        alerter: { config: alerterConfig(options), access, eventLog, rows, state },
        api: { access, eventLog, rows, state, random, sqlGate, pageDirectory: options.pageDirectory ?? PAGE },
      }),
    ],
  });
  consumeWithAggregator(host.app, eventLog, log);
  const port = await host.listen(options);
  return {
    url: localUrl(bind, port),
    sqlUrl: localUrl(bind, sqlGate.port),
    dataDir,
    needsKey: access.needsKey,
    shutdown,
    stop: () => shutdown.run(),
  };
}

/**
 * Who has the data has its ports too, as a rule: a second start is told of the process and the directory, not of a port.
 * Asked only once a port is taken, since asking could get in the way of one that takes the lock at that moment.
 */
function whoHas(dataDir: string): DirectoryLockedError | undefined {
  try {
    const holder = directoryHolder(dataDir);
    return holder && new DirectoryLockedError(dataDir, holder.pid);
  } catch {
    // A lock that cannot be read, say: that the port is taken is known, and is what the start fails for.
    return undefined;
  }
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
