import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { lockDirectory } from '#libs/operations';
import { SystemClock, type Clock } from '#libs/time';
import { HttpDoor } from './http-door.js';
import { Sessions } from './sessions.js';

export interface EmbeddedEngineOptions {
  /** Directory of the data; created when it is missing, for one process at a time. */
  readonly path: string;
  /** Default 0: a free port on 127.0.0.1. */
  readonly port?: number;
  /** Default `default`. */
  readonly user?: string;
  /** Default: 128 random bits, known to this process only. */
  readonly password?: string;
  /** Where the data of inserts waits, in a directory of its own. Default: below `path`. */
  readonly tempDirectory?: string;
  /** Statements of the apps that read at once. Default 8. */
  readonly readers?: number;
  /** Statements of people (`PEOPLE_QUOTA_KEY`) that read at once, besides those. Default 4. */
  readonly people?: number;
  /** Statements that write at once. Default 2: more only make more parts. */
  readonly writers?: number;
  /** Statements of each sort that may wait for their turn; more get TOO_MANY_SIMULTANEOUS_QUERIES. Default 256. */
  readonly waiting?: number;
  /** How long `stop` lets queries run on before it kills them, ms. Default 5,000. */
  readonly graceMs?: number;
  /** Default: the machine's. */
  readonly clock?: Clock;
}

export interface EmbeddedEngine {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** Takes no more, lets what runs end, closes the data. Idempotent. */
  stop(): Promise<void>;
}

const KEEP_ALIVE_MS = 30_000;
const MAX_STATEMENT_BYTES = 16 * 2 ** 20;

/**
 * The ClickHouse engine in this process (chDB), behind ClickHouse's own HTTP interface on loopback, so that everything
 * else uses `@clickhouse/client` as against a server.
 *
 * Each running statement holds a thread of Node's pool, whose default is 4, and files, compression and LMDB need some, too:
 * the program sets UV_THREADPOOL_SIZE to at least `readers + people + writers + 4` before anything uses the pool (main.ts).
 *
 * @throws DirectoryLockedError when another process has the data open.
 */
export async function startEmbeddedEngine(options: EmbeddedEngineOptions): Promise<EmbeddedEngine> {
  const clock = options.clock ?? new SystemClock();
  const lock = lockDirectory(options.path);
  const closers: (() => unknown)[] = [() => lock.release()];
  try {
    const directory = makeInsertDirectory(options);
    closers.unshift(() => rmSync(directory, { recursive: true, force: true }));
    const sessions = new Sessions(
      join(options.path, 'engine'),
      {
        readers: options.readers ?? 8,
        people: options.people ?? 4,
        writers: options.writers ?? 2,
        waiting: options.waiting ?? 256,
      },
      clock,
    );
    closers.unshift(() => sessions.close(0));
    const username = options.user ?? 'default';
    const password = options.password ?? randomBytes(16).toString('hex');
    const door = new HttpDoor({
      sessions,
      files: { directory, nextName: () => `${randomUUID()}.data` },
      user: username,
      password,
      nextQueryId: () => randomUUID(),
      clock,
      maxStatementBytes: MAX_STATEMENT_BYTES,
    });
    const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, door.handle);
    await listen(server, options.port ?? 0);

    const stop = async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const clean = await sessions.close(options.graceMs ?? 5_000);
      server.closeAllConnections();
      await closed;
      rmSync(directory, { recursive: true, force: true });
      // Data that is still open stays ours until the process ends.
      if (clean) lock.release();
    };
    let stopping: Promise<void> | undefined;
    const { port } = server.address() as AddressInfo;
    return { url: `http://127.0.0.1:${port}`, username, password, stop: () => (stopping ??= stop()) };
  } catch (error) {
    for (const close of closers) await close();
    throw error;
  }
}

/** The engine reads a file's name as a pattern, so none of its characters may be special there. */
function makeInsertDirectory({ path, tempDirectory }: EmbeddedEngineOptions): string {
  const special = /[*?{}[\]]/;
  const own = join(resolve(path), 'incoming');
  if (tempDirectory === undefined && !special.test(own)) {
    // What a killed process left.
    rmSync(own, { recursive: true, force: true });
    mkdirSync(own, { mode: 0o700 });
    return own;
  }
  const parent = tempDirectory ?? tmpdir();
  if (special.test(parent)) throw new Error(`The directory for inserts, ${parent}, must not hold any of * ? { } [ ].`);
  return mkdtempSync(join(parent, 'alperf-insert-'));
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
}
