import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The product in a process of its own, as `npm start` runs it, on free ports and a directory of its own. */
export interface Product {
  readonly url: string;
  readonly pid: number;
  /** Rows of a SELECT on the SQL port. */
  sql<Row>(query: string): Promise<Row[]>;
  status(): Promise<ProductStatus>;
  stop(): Promise<void>;
}

export interface ProductStatus {
  readonly log: { readonly lag: number };
  readonly audit: { readonly lost: number | null; readonly duplicated: number | null };
  readonly storage: { readonly parts: number; readonly bytes: number };
}

const MAIN = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'apps', 'standalone', 'src', 'main.js');

export async function startProduct(env: Readonly<Record<string, string>> = {}): Promise<Product> {
  const folder = mkdtempSync(join(tmpdir(), 'alperf-bench-'));
  const [port, sqlPort] = [await freePort(), await freePort()];
  const child = spawn(process.execPath, [MAIN], {
    cwd: folder,
    env: {
      ...process.env,
      ...env,
      ALPERF_HTTP_PORT: String(port),
      ALPERF_SQL_PORT: String(sqlPort),
      ALPERF_DATA_DIR: join(folder, 'data'),
      ALPERF_LOG_LEVEL: 'warn',
    },
    stdio: ['ignore', 2, 2],
  });
  const url = `http://127.0.0.1:${port}`;
  await untilReady(url, child);
  return {
    url,
    pid: child.pid!,
    sql: async <Row>(query: string) => {
      const answer = await fetch(`http://127.0.0.1:${sqlPort}/`, {
        method: 'POST',
        body: `${query} FORMAT JSONEachRow`,
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(text);
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Row);
    },
    status: async () => (await (await fetch(`${url}/v1/status`)).json()) as ProductStatus,
    stop: async () => {
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Memory of a process in MiB, from /proc: its own, and with the files it maps. The log and the engine map their files;
 * those pages grow with what is stored, and the kernel takes them back when it needs to.
 */
export function residentMiB(pid: number): { readonly own: number; readonly withFiles: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const of = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) / 1_024;
  return { own: of('RssAnon'), withFiles: of('VmRSS') };
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The value below which the share `q` of the sorted values lies. */
export function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
}

async function untilReady(url: string, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null)
      throw new Error(`The product ended with exit code ${child.exitCode} before it was ready.`);
    const ready = await fetch(`${url}/ready`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (ready) return;
    await pause(50);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
