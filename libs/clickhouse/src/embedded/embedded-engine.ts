import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockDirectory } from '#libs/operations';
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
  /** Where the data of inserts waits. Default: a directory of this engine's own in the system's. */
  readonly tempDirectory?: string;
  /** Statements that read at once. Default 8. */
  readonly readers?: number;
  /** Statements that write at once. Default 2: more only make more parts. */
  readonly writers?: number;
}

export interface EmbeddedEngine {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** Takes no more, lets what runs end, closes the data. Idempotent. */
  stop(): Promise<void>;
}

const WAITING = 256;
const MAX_STATEMENT_BYTES = 16 * 2 ** 20;

/**
 * The ClickHouse engine in this process (chDB), behind ClickHouse's own HTTP interface on loopback, so that everything
 * else uses `@clickhouse/client` as against a server.
 *
 * @throws DirectoryLockedError when another process has the data open.
 */
export async function startEmbeddedEngine(options: EmbeddedEngineOptions): Promise<EmbeddedEngine> {
  mkdirSync(options.path, { recursive: true });
  const lock = lockDirectory(options.path);
  // The engine reads the name as a pattern: a directory of plain characters only.
  const files = options.tempDirectory ?? mkdtempSync(join(tmpdir(), 'alperf-insert-'));
  const password = options.password ?? randomBytes(16).toString('hex');
  const username = options.user ?? 'default';
  let sessions: Sessions;
  try {
    if (/[*?{}[\]]/.test(files))
      throw new Error(`The directory for inserts, ${files}, must not hold any of * ? { } [ ].`);
    mkdirSync(files, { recursive: true });
    sessions = new Sessions(join(options.path, 'engine'), {
      readers: options.readers ?? 8,
      writers: options.writers ?? 2,
      waiting: WAITING,
    });
  } catch (error) {
    lock.release();
    throw error;
  }
  const door = new HttpDoor({
    sessions,
    files: { directory: files, nextName: () => `${randomUUID()}.data` },
    user: username,
    password,
    nextQueryId: () => randomUUID(),
    maxStatementBytes: MAX_STATEMENT_BYTES,
  });
  const server = createServer({ keepAliveTimeout: 30_000 }, door.handle);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  }).catch(async (error: unknown) => {
    await sessions.close();
    lock.release();
    throw error;
  });

  let stopping: Promise<void> | undefined;
  const stop = async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    await sessions.close();
    server.closeAllConnections();
    await closed;
    rmSync(files, { recursive: true, force: true });
    lock.release();
  };
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, username, password, stop: () => (stopping ??= stop()) };
}
