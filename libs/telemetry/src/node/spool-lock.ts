import { readFileSync } from 'node:fs';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { PipelineError } from '#libs/contracts';

/** Another living process has the spool. */
export class SpoolLockedError extends PipelineError {
  constructor(directory: string, holder: string) {
    super(
      'SPOOL_LOCKED',
      `the spool ${directory} is in use by process ${holder}; give each process a spool of its own`,
      false,
    );
  }
}

/** Held in this process: a second telemetry in it is refused as another process is. */
const held = new Set<string>();

/**
 * Locks a directory for one process by a file that names it: its id and, where /proc tells, when it started, so that a
 * later process of the same id is not taken for it. A process that was killed leaves the file behind; the next one finds
 * it dead and takes over.
 */
export class SpoolLock {
  readonly #path: string;
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
    // Whole, so that a spool is held once by whatever name it goes.
    this.#path = resolve(directory, 'lock');
  }

  /** @throws SpoolLockedError when somebody living has it. */
  async acquire(): Promise<void> {
    if (held.has(this.#path)) throw new SpoolLockedError(this.#directory, String(process.pid));
    const mine = `${this.#path}.${process.pid}`;
    await writeFile(mine, describe(process.pid));
    try {
      // A link comes into being whole and only where there is none.
      while (!(await this.#link(mine))) await this.#removeDead();
      held.add(this.#path);
    } finally {
      await rm(mine, { force: true });
    }
  }

  async release(): Promise<void> {
    if (held.delete(this.#path)) await rm(this.#path, { force: true });
  }

  async #link(mine: string): Promise<boolean> {
    try {
      await link(mine, this.#path);
      return true;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw cause;
    }
  }

  async #removeDead(): Promise<void> {
    const holder = await readFile(this.#path, 'utf8').catch(() => undefined);
    if (holder === undefined) return;
    const pid = Number(holder.split(' ')[0]);
    if (Number.isInteger(pid) && pid > 0 && isAlive(pid) && describe(pid) === holder)
      throw new SpoolLockedError(this.#directory, String(pid));
    // Moved aside and looked at again: between reading and moving, another process may have taken over first.
    const aside = `${this.#path}.dead.${process.pid}`;
    await rename(this.#path, aside).catch(() => undefined);
    const moved = await readFile(aside, 'utf8').catch(() => holder);
    if (moved !== holder) await link(aside, this.#path).catch(() => undefined);
    await rm(aside, { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** A process by id and start, which no other process shares until the machine restarts. */
function describe(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return `${pid} ${started}`;
  } catch {
    return `${pid} -`;
  }
}
