import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PipelineError } from '#libs/contracts';

/** Another process holds the directory. */
export class DirectoryLockedError extends PipelineError {
  constructor(
    readonly path: string,
    readonly pid: number,
  ) {
    super(
      'DIRECTORY_LOCKED',
      `${path} is in use by process ${pid}. Stop that process, or choose another directory.`,
      false,
    );
  }
}

export interface DirectoryLock {
  /** Idempotent. */
  release(): void;
}

const LOCK_FILE = 'lock';
/** Directories that this process holds: the lock file names a process, so within one this set decides. */
const held = new Set<string>();

/**
 * Takes a directory for this process alone, creating it when it is missing.
 *
 * The lock is a file with the owner's process id and start time: a process that was killed leaves a file whose owner
 * is gone, or whose id belongs to a process started at another time, and the next one takes it over.
 *
 * @throws DirectoryLockedError when a living process (or this one) holds it.
 */
export function lockDirectory(path: string): DirectoryLock {
  mkdirSync(path, { recursive: true });
  if (held.has(path)) throw new DirectoryLockedError(path, process.pid);
  const file = join(path, LOCK_FILE);
  for (;;) {
    if (tryCreate(file)) break;
    const owner = readOwner(file);
    if (owner !== undefined && isAlive(owner)) throw new DirectoryLockedError(path, owner.pid);
    // Stale: whoever moves it away first goes on; the other finds it gone and tries again.
    const grave = `${file}.${process.pid}`;
    try {
      renameSync(file, grave);
      rmSync(grave, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  held.add(path);
  let released = false;
  return {
    release: () => {
      if (released) return;
      released = true;
      held.delete(path);
      rmSync(file, { force: true });
    },
  };
}

interface Owner {
  readonly pid: number;
  /** Start time in the kernel's ticks where it can be known, otherwise an empty text. */
  readonly started: string;
}

/** Written aside and linked into place, so that nobody ever reads half a lock. */
function tryCreate(file: string): boolean {
  const draft = `${file}.${process.pid}.new`;
  writeFileSync(draft, JSON.stringify({ pid: process.pid, started: startTime(process.pid) } satisfies Owner), {
    mode: 0o600,
  });
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function readOwner(file: string): Owner | undefined {
  try {
    const owner = JSON.parse(readFileSync(file, 'utf8')) as Partial<Owner>;
    return typeof owner.pid === 'number' ? { pid: owner.pid, started: owner.started ?? '' } : undefined;
  } catch {
    return undefined;
  }
}

function isAlive({ pid, started }: Owner): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const now = startTime(pid);
  return started === '' || now === '' || now === started;
}

/** Field 22 of /proc/PID/stat; empty where there is no /proc. The name before it may hold spaces and brackets. */
function startTime(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
