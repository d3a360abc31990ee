import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, until } from '../processes.js';

export interface RedisServerOptions {
  /** Settings that differ from the test's own, as in redis.conf. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** One real server on 127.0.0.1. It ends with this process, however it ends. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  readonly pid: number;
  /** Ends it at once. What it held is lost: nothing is on disk. */
  kill9(): Promise<void>;
  /** Starts it again on the same port, empty. */
  restart(): Promise<void>;
  /** Holds the process still (SIGSTOP): connections stay open and nothing answers. */
  pause(): void;
  resume(): void;
  /** Ends it and removes its folder. Idempotent. */
  stop(): Promise<void>;
}

const PROGRAM = 'redis-server';
const START_TIMEOUT_MS = 20_000;

/** Why no server can run here, with what to install; undefined when one can. */
export function redisMissing(): string | undefined {
  return spawnSync(PROGRAM, ['--version'], { stdio: 'ignore' }).status === 0
    ? undefined
    : 'redis-server is missing (Debian: apt-get install redis-server)';
}

/** Starts a server on a free port; takes some 50 ms. @throws Error when it does not come up, with its log. */
export async function startRedis({ settings = {} }: RedisServerOptions = {}): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'alperf-redis-'));
  const [port] = (await freePorts(1)) as [number];
  const log = join(folder, 'redis.log');
  const all = {
    port: String(port),
    bind: '127.0.0.1',
    dir: folder,
    logfile: log,
    save: '',
    appendonly: 'no',
    'enable-debug-command': 'yes',
    ...settings,
  };
  const launch = async (): Promise<ChildProcess> => {
    const child = spawn(
      PROGRAM,
      Object.entries(all).flatMap(([name, value]) => [`--${name}`, value]),
      {
        stdio: 'ignore',
      },
    );
    // A guard of its own ends the server when this process is killed, which no handler in here could.
    const guard =
      'while kill -0 "$1" && kill -0 "$2"; do sleep 1; done 2>/dev/null; kill -0 "$1" 2>/dev/null && exit; kill -9 "$2" 2>/dev/null; rm -rf "$3"';
    spawn('sh', ['-c', guard, 'redis-guard', String(process.pid), String(child.pid), folder], {
      detached: true,
      stdio: 'ignore',
    }).unref();
    child.unref();
    await until(
      async () => {
        if (hasEnded(child)) throw new Error(`redis-server ended: ${await readFile(log, 'utf8').catch(() => '')}`);
        return answers(port);
      },
      START_TIMEOUT_MS,
      () => `redis-server answers on port ${port}`,
    );
    return child;
  };
  let child = await launch();
  const kill9 = async () => {
    if (hasEnded(child)) return;
    child.ref();
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  };
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    get pid() {
      return child.pid!;
    },
    kill9,
    async restart() {
      await kill9();
      child = await launch();
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    async stop() {
      await kill9();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Whether a server takes commands, with or without a password. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.once('data', (data) => {
      resolve(/^(\+PONG|-NOAUTH)/.test(data.toString()));
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}
