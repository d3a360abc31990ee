import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { dockerAnswers, startKafkaContainer } from './container.js';
import { besideTheJars, kafkaJars } from './jars.js';
import { lifetime, throwWhenStopped } from './lifetime.js';

export interface KafkaOptions {
  /** Broker settings that differ from the test's own, as in server.properties. */
  readonly properties?: Readonly<Record<string, string>>;
}

/** One real broker on 127.0.0.1. */
export interface KafkaBroker {
  readonly brokers: string[];
  /** A process that lives as long as the broker: its own, or the guard of its container. */
  readonly pid: number;
  /** Ends it and removes its data; a restart under way is given up and rejects. Idempotent. */
  stop(): Promise<void>;
  /** Ends it at once, as a power cut would; the data stays for `restart`. */
  kill9(): Promise<void>;
  /** Starts it again on the same port and data; resolves when it answers. */
  restart(): Promise<void>;
  /** Holds the process still (SIGSTOP): connections stay open and nothing answers. */
  pause(): Promise<void>;
  resume(): Promise<void>;
}

const START_TIMEOUT_MS = 90_000;
const CLUSTER_ID = '4L6g3nShT-eMCtK--X86sw';

/**
 * Starts Apache Kafka (KRaft, one node): in a container where Docker answers, else from its own jars. Free ports, data in a temporary folder, every record synced.
 * The broker ends with this process, however it ends. Takes about 7 s.
 * @throws KafkaMissingError when this machine cannot run one.
 */
export async function startKafka(options: KafkaOptions = {}): Promise<KafkaBroker> {
  if (await dockerAnswers()) {
    const [port, controllerPort] = await freePorts(2);
    // Inside, all addresses; what it advertises is the same port on this machine.
    const settings = { listeners: `PLAINTEXT://:${port},CONTROLLER://:${controllerPort}`, ...options.properties };
    const folder = '/var/lib/kafka';
    return startKafkaContainer({
      port: port!,
      properties: properties(folder, port!, controllerPort!, settings),
      note: noteOf(process.pid),
      answers,
    });
  }
  const classPath = join(await kafkaJars(), '*');
  const loaded = await besideTheJars('classes.jsa', (path) => archiveClasses(classPath, path));
  const jvm = [...JVM, `-XX:SharedArchiveFile=${loaded}`];
  const { folder, port, config } = await formatted(classPath, jvm, options.properties ?? {});

  const launched = () => launch([...jvm, '-cp', classPath], folder, config);
  let child = launched();
  await untilServing(child, folder, port);
  const kill9 = () => end(child);
  return {
    brokers: [`127.0.0.1:${port}`],
    get pid() {
      return child.pid!;
    },
    kill9,
    ...lifetime({
      kill9,
      async start(signal) {
        child = launched();
        await untilServing(child, folder, port, signal);
      },
      async remove() {
        await end(child);
        await rm(folder, { recursive: true, force: true });
      },
    }),
    pause: async () => void child.kill('SIGSTOP'),
    resume: async () => void child.kill('SIGCONT'),
  };
}

/** Where a process notes the broker that its test files share. */
export function noteOf(pid: number): string {
  return join(tmpdir(), `alperf-kafka-of-${pid}.json`);
}

/** A folder for a broker that has not run yet. */
async function formatted(classPath: string, jvm: readonly string[], overrides: Readonly<Record<string, string>>) {
  const folder = await mkdtemp(join(tmpdir(), 'alperf-kafka-'));
  const [port, controllerPort] = (await freePorts(2)) as [number, number];
  const config = join(folder, 'server.properties');
  const settings = Object.entries(properties(folder, port, controllerPort, overrides));
  await writeFile(config, settings.map(([name, value]) => `${name}=${value}`).join('\n'));
  await java(folder, [...jvm, '-cp', classPath, 'kafka.tools.StorageTool', 'format', '-t', CLUSTER_ID, '-c', config]);
  return { folder, port, config };
}

/**
 * Has the JVM keep the classes of a broker as it has them in memory, as Apache's own image does: reading and checking them
 * is much of a start. Takes about 15 s, once a checkout.
 */
async function archiveClasses(classPath: string, path: string): Promise<void> {
  const { folder, port, config } = await formatted(classPath, JVM, {});
  const partial = `${path}.partial`;
  const child = launch([...JVM, `-XX:ArchiveClassesAtExit=${partial}`, '-cp', classPath], folder, config);
  try {
    await untilServing(child, folder, port);
    child.ref();
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
    // A JVM that keeps none passes over an empty one.
    if (existsSync(partial)) await rename(partial, path);
    else await writeFile(path, '');
  } finally {
    await end(child);
    await rm(folder, { recursive: true, force: true });
  }
}

function launch(jvm: readonly string[], folder: string, config: string): ChildProcess {
  const log = openSync(join(folder, 'broker.log'), 'a');
  const child = spawn('java', [...jvm, 'kafka.Kafka', config], {
    cwd: folder,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  // A guard of its own ends the broker when this process is killed, which no handler in here could.
  const guard =
    'while kill -0 "$1" && kill -0 "$2"; do sleep 1; done 2>/dev/null; kill -0 "$1" 2>/dev/null && exit; kill -9 "$2" 2>/dev/null; rm -rf "$3" "$4"';
  spawn('sh', ['-c', guard, 'kafka-guard', String(process.pid), String(child.pid), folder, noteOf(process.pid)], {
    detached: true,
    stdio: 'ignore',
  }).unref();
  child.unref();
  return child;
}

/** Resolves when the broker answers. @throws Error when it ends before or takes too long, and when the signal aborts. */
async function untilServing(child: ChildProcess, folder: string, port: number, signal?: AbortSignal): Promise<void> {
  const started = performance.now();
  while (!(await answers(port))) {
    throwWhenStopped(signal);
    const { exitCode, signalCode } = child;
    const hasEnded = exitCode !== null || signalCode !== null;
    if (hasEnded || performance.now() - started > START_TIMEOUT_MS) {
      await end(child);
      const told = await readFile(join(folder, 'broker.log'), 'utf8');
      const what = hasEnded
        ? `Kafka ended while it was starting (${signalCode ?? `exit code ${exitCode}`})`
        : `Kafka did not answer within ${START_TIMEOUT_MS / 1_000} s of its start`;
      throw new Error(`${what}; the end of its log:\n${told.slice(-4_000)}`);
    }
    await sleep(100);
  }
}

/** The broker serves when it names itself the controller and knows itself as a broker. */
async function answers(port: number): Promise<boolean> {
  if (!(await listens(port))) return false;
  const kafka = new Kafka({
    brokers: [`127.0.0.1:${port}`],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 2_000,
    requestTimeout: 2_000,
    retry: { retries: 0 },
  });
  const admin = kafka.admin();
  try {
    await admin.connect();
    return (await admin.describeCluster()).brokers.length === 1;
  } catch {
    return false;
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const settle = (value: boolean) => {
      socket.destroy();
      resolve(value);
    };
    socket.once('connect', () => settle(true)).once('error', () => settle(false));
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.ref();
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

async function java(cwd: string, args: readonly string[]): Promise<void> {
  const child = spawn('java', args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`java ${args.join(' ')} failed (${code}):\n${output.slice(-4_000)}`);
}

/** Ports that were free a moment ago, all different. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

// The first compiler tier only: the broker is up sooner, and tests are short.
const JVM = [
  '-Xmx512m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
];

function properties(
  folder: string,
  port: number,
  controllerPort: number,
  overrides: Readonly<Record<string, string>>,
): Record<string, string> {
  return {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': join(folder, 'data'),
    'auto.create.topics.enable': 'false',
    // One node: an acknowledged record is safe from a power cut only when it is synced first.
    'log.flush.interval.messages': '1',
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '1',
    'transaction.abort.timed.out.transaction.cleanup.interval.ms': '1000',
    'group.initial.rebalance.delay.ms': '0',
    'group.min.session.timeout.ms': '1000',
    ...overrides,
  };
}
