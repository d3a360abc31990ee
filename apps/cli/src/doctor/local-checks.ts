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

/** Whether a server runs on the data folder. */
export function lockCheck(dataDir: string): Check {
  const holder = directoryHolder(dataDir);
  if (holder === undefined) return ok('data lock', 'no server uses the data folder');
  return ok('data lock', holder.pid === undefined ? 'in use by a server' : `in use by process ${holder.pid}`);
}

/** A port that is taken is well when it is our own server that has it. */
export async function portCheck(name: string, host: string, port: number, ours: boolean): Promise<Check> {
  if (port === 0) return skipped(name, 'the machine chooses one');
  if (ours) return ok(name, `${port}: our server answers there`);
  const problem = await listenProblem(host, port);
  if (problem === undefined) return ok(name, `${port} is free`);
  return failed(
    name,
    `${port}: ${problem}`,
    `Stop what uses it, or set ${name === 'http port' ? 'ALPERF_HTTP_PORT' : 'ALPERF_SQL_PORT'}.`,
  );
}

function listenProblem(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'EADDRINUSE' ? 'another program uses it' : error.message),
    );
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(undefined)));
  });
}

async function nearestFolder(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  const parent = dirname(path);
  return found !== undefined || parent === path ? path : nearestFolder(parent);
}
