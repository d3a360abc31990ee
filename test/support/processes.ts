import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const ROOT = join(import.meta.dirname, '../..');

/** A built program of the product. @throws Error when nothing is built: npm test builds first. */
export function builtProgram(path: string): string {
  const file = join(ROOT, 'dist', path);
  if (!existsSync(file)) throw new Error(`${file} is missing: run npm run build first.`);
  return file;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program of the product in a process of its own, as a user starts it: its settings come from the environment alone. */
export class ProductProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<Ended>;
  readonly #onExit = () => void this.#child.kill('SIGKILL');
  #stdout = '';
  #stderr = '';

  constructor(program: string, args: readonly string[], env: Readonly<Record<string, string>>) {
    const inherited = Object.entries(process.env).filter(
      ([name]) => !name.startsWith('ALPERF_') && !name.startsWith('NODE_') && !name.startsWith('JEST_'),
    );
    this.#child = spawn(process.execPath, [builtProgram(program), ...args], {
      cwd: ROOT,
      env: { ...Object.fromEntries(inherited), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stdout!.on('data', (part: Buffer) => (this.#stdout += part.toString()));
    this.#child.stderr!.on('data', (part: Buffer) => (this.#stderr += part.toString()));
    process.on('exit', this.#onExit);
    this.#ended = once(this.#child, 'close').then(([code, signal]) => {
      process.off('exit', this.#onExit);
      return {
        code: code as number | null,
        signal: signal as NodeJS.Signals | null,
        stdout: this.#stdout,
        stderr: this.#stderr,
      };
    });
  }

  get stdout(): string {
    return this.#stdout;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** All that it said so far. */
  get said(): string {
    return this.#stdout + this.#stderr;
  }

  /** Resolves with how it ended. */
  ended(): Promise<Ended> {
    return this.#ended;
  }

  /** Sends a signal and waits for the end; nothing happens to one that has ended. */
  async end(signal: NodeJS.Signals): Promise<Ended> {
    if (!this.hasEnded) this.#child.kill(signal);
    return this.#ended;
  }

  /** Resolves when `/ready` of an address answers 200. @throws Error when the process ends before, or takes too long. */
  async ready(url: string, limitMs = 60_000): Promise<void> {
    await until(
      async () => {
        if (this.hasEnded) throw new Error(`It ended before it was ready: ${this.said}`);
        return (await statusOf(`${url}/ready`)) === 200;
      },
      limitMs,
      () => `${url}/ready answers 200: ${this.said}`,
    );
  }
}

/** Status of a GET, or undefined when nothing answers. */
export async function statusOf(url: string): Promise<number | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return undefined;
  }
}

/** Resolves when the condition holds. @throws Error after `limitMs`, with what was waited for. */
export async function until(
  condition: () => Promise<boolean> | boolean,
  limitMs: number,
  what: () => string,
): Promise<void> {
  const giveUpAt = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > giveUpAt) throw new Error(`Not within ${limitMs / 1_000} s: ${what()}`);
    await sleep(25);
  }
}

/** Ports of 127.0.0.1 that were free a moment ago, all different. */
export async function freePorts(count: number): Promise<number[]> {
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

/** Rows of a SELECT by the SQL port. */
export async function askSql<Row>(sqlUrl: string, sql: string, key?: string): Promise<Row[]> {
  const response = await fetch(sqlUrl, {
    method: 'POST',
    body: `${sql} FORMAT JSONEachRow`,
    ...(key !== undefined && { headers: { authorization: `Bearer ${key}` } }),
  });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`SQL answered ${response.status}: ${text}`);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row);
}
