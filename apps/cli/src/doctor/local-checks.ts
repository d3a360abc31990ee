import { access, constants, stat, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { directoryHolder } from '#libs/operations';
import { failed, ok, skipped, warning, type Check } from './check.js';

const OLDEST_NODE_MAJOR = 24;
const GIB = 1_073_741_824;
const FREE_BYTES = { failed: GIB / 2, warning: 5 * GIB } as const;

/** Pure. */
export function nodeCheck(version: string): Check {
  const major = Number(version.split('.')[0]);
  return major >= OLDEST_NODE_MAJOR
    ? ok('node', `Node ${version}`)
    : failed(
        'node',
        `Node ${version} is too old: ${OLDEST_NODE_MAJOR} is needed`,
        'Run through npm (`npm start`, `npm run alperf`): it brings its own Node.',
      );
}

/** Whether the data can be written, by the nearest folder that exists. */
export async function writableCheck(dataDir: string): Promise<Check> {
  const folder = await nearestFolder(dataDir);
  if (!(await stat(folder)).isDirectory())
    return failed('data folder', `${folder} is a file`, 'Set ALPERF_DATA_DIR to a folder, or to one that can be made.');
  try {
    await access(folder, constants.W_OK | constants.X_OK);
  } catch {
    return failed(
      'data folder',
      `${folder} cannot be written`,
      `Give this user the right to write it, or set ALPERF_DATA_DIR.`,
    );
  }
  return ok(
    'data folder',
    folder === dataDir ? `${dataDir} can be written` : `${dataDir} does not exist yet; it will be made`,
  );
}

export async function spaceCheck(dataDir: string): Promise<Check> {
  const { bavail, bsize } = await statfs(await nearestFolder(dataDir));
  return judgeSpace(bavail * bsize);
}

/** Pure. */
export function judgeSpace(freeBytes: number): Check {
  const detail = `${(freeBytes / GIB).toFixed(1)} GiB free`;
  const remedy = 'Make room, or set ALPERF_DATA_DIR to a larger disk. A full disk makes the collector refuse events.';
  if (freeBytes < FREE_BYTES.failed) return failed('disk space', detail, remedy);
  return freeBytes < FREE_BYTES.warning ? warning('disk space', detail, remedy) : ok('disk space', detail);
}

/** The server that runs on a data folder, if one does; without a pid when that could not be found out. */
export type Holder = ReturnType<typeof directoryHolder>;

/** Whether a server runs on the data folder. Pure. */
export function lockCheck(holder: Holder): Check {
  if (holder === undefined) return ok('data lock', 'no server uses the data folder');
  return ok('data lock', holder.pid === undefined ? 'in use by a server' : `in use by process ${holder.pid}`);
}

export interface PortUse {
  /** Whether our own server answers there. */
  readonly answers: boolean;
  /** Who has the data folder: a server whose port need not answer us, as when it wants a key, or nobody asks it. */
  readonly holder?: Holder;
}

/** A port that is taken is well when it is our own server that has it. */
export async function portCheck(
  name: string,
  host: string,
  port: number,
  { answers, holder }: PortUse,
): Promise<Check> {
  if (port === 0) return skipped(name, 'the machine chooses one');
  if (answers) return ok(name, `${port}: our server answers there`);
  const error = await listenError(host, port);
  if (error === undefined) return ok(name, `${port} is free`);
  const taken = error.code === 'EADDRINUSE';
  if (taken && holder !== undefined) return ok(name, `${port}: the server on the data folder uses it${of(holder)}`);
  return failed(
    name,
    `${port}: ${taken ? 'another program uses it' : error.message}`,
    `Stop what uses it, or set ${name === 'http port' ? 'ALPERF_HTTP_PORT' : 'ALPERF_SQL_PORT'}.`,
  );
}

function of({ pid }: NonNullable<Holder>): string {
  return pid === undefined ? '' : ` (process ${pid})`;
}

function listenError(host: string, port: number): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', resolve);
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(undefined)));
  });
}

async function nearestFolder(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  const parent = dirname(path);
  return found !== undefined || parent === path ? path : nearestFolder(parent);
}
