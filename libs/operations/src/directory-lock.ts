import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { PipelineError } from '#libs/contracts';
import { SettingsError } from './settings/settings.js';

/** Another process, or this one a second time, holds the directory. */
export class DirectoryLockedError extends PipelineError {
  constructor(
    readonly path: string,
    /** Undefined when the holder could not be found out. */
    readonly pid: number | undefined,
  ) {
    const holder = pid === undefined ? 'another process' : `process ${pid}`;
    const remedy = 'Stop that process, or choose another directory (ALPERF_DATA_DIR).';
    super('DIRECTORY_LOCKED', `${path} is in use by ${holder}. ${remedy}`, false);
  }
}

export interface DirectoryLock {
  /** Idempotent. */
  release(): void;
}

const LOCK_FILE = 'alperf.lock';
/** Says who holds the lock, for the message; the lock itself is the kernel's. */
const OWNER_FILE = 'alperf.lock.pid';
const SQLITE_BUSY = 5;
/** Locks held by this process. Referenced here, or a collected database would let its lock go. */
const held = new Set<DatabaseSync>();

/**
 * Takes a directory for this process alone, creating it when it is missing.
 *
 * The lock is the kernel's lock on a file, taken through SQLite, since Node itself offers no file locks. The kernel ends
 * it with the process, however that ends: nothing can be stale, no process id is guessed about, and it holds between
 * containers that share a volume and do not see each other's processes.
 *
 * @throws DirectoryLockedError at once when a living process (or this one) holds it, SettingsError when it can be no
 *   directory.
 */
export function lockDirectory(path: string): DirectoryLock {
  const directory = resolve(path);
  makeDirectory(directory);
  const owner = join(directory, OWNER_FILE);
  const file = new DatabaseSync(join(directory, LOCK_FILE), { timeout: 0 });
  try {
    file.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    file.close();
    if (isBusy(error)) throw new DirectoryLockedError(directory, readPid(owner));
    throw new PipelineError('DIRECTORY_UNUSABLE', `${directory} cannot be locked: ${String(error)}`, false, {
      cause: error,
    });
  }
  held.add(file);
  writeFileSync(owner, `${process.pid}\n`, { mode: 0o600 });
  return {
    release: () => {
      if (held.delete(file)) file.close();
    },
  };
}

/** One by one: where a file system takes no directories, as in /proc, Node's own recursive way never comes back. */
function makeDirectory(directory: string, wanted = directory): void {
  if (isDirectory(directory)) return;
  const parent = dirname(directory);
  if (parent !== directory) makeDirectory(parent, wanted);
  try {
    mkdirSync(directory);
  } catch (error) {
    // Another process may have made it in between.
    if (isDirectory(directory)) return;
    // Rights and a full disk have remedies of their own, where a start explains itself.
    const { code } = error as NodeJS.ErrnoException;
    const problem =
      code === 'EEXIST'
        ? `${directory} is a file, or a link to nothing`
        : code === 'ENOENT'
          ? `${parent} takes no folders`
          : undefined;
    if (problem === undefined) throw error;
    throw new SettingsError([`ALPERF_DATA_DIR: ${wanted} cannot be made: ${problem} (${code}); name another folder`]);
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/**
 * Who holds a directory: undefined when nobody does, also when there is none; without a pid when that could not be found
 * out. Changes nothing, but a lock that is asked for at the very moment would be refused: for people, not for programs.
 */
export function directoryHolder(path: string): { readonly pid: number | undefined } | undefined {
  const directory = resolve(path);
  const lock = join(directory, LOCK_FILE);
  if (!existsSync(lock)) return undefined;
  const file = new DatabaseSync(lock, { timeout: 0, readOnly: true });
  try {
    file.prepare('SELECT count(*) FROM sqlite_schema').get();
    return undefined;
  } catch (error) {
    if (isBusy(error)) return { pid: readPid(join(directory, OWNER_FILE)) };
    throw error;
  } finally {
    file.close();
  }
}

function isBusy(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'errcode' in error && error.errcode === SQLITE_BUSY;
}

function readPid(file: string): number | undefined {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}
