import { randomUUID } from 'node:crypto';
import { link, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { PipelineError } from '#libs/contracts';
import { SystemClock, type Clock, type Timer } from '#libs/time';
import { isRunning, thisProcess, type ProcessName } from './process-name.js';

/** Another living process has the spool. */
export class SpoolLockedError extends PipelineError {
  constructor(directory: string, holder: string) {
    super('SPOOL_LOCKED', `the spool ${directory} is in use by ${holder}; give each process a spool of its own`, false);
  }
}

/** The holder's lock changes this often. */
export const BEAT_MS = 3_000;
/** A holder of which nothing else is known is taken for dead when its lock has not changed for so long. */
export const WATCH_MS = 15_000;
const LOOK_MS = 500;
/** What a process makes to ask for a lock, and removes: of one that was killed meanwhile, it stays. */
const ASKING = /^lock(\.[\w-]+)*\.new\.[0-9a-f-]{36}$/;
/** Nobody asks for so long. */
const LEFT_MS = 60_000;

/** Held in this process: a second telemetry in it is refused as another process is. */
const held = new Set<string>();

/**
 * Locks a directory for one process by a file that names it and changes every 3 s. Where the system can tell whether
 * that process runs (Linux, and the same container or none), its word counts at once. Otherwise (another container or
 * machine with the same volume, another system) the lock is watched: one that changes is a living process's, one that
 * has not for 15 s is taken over.
 *
 * A dead lock is replaced, never removed: by whoever holds the claim on it, which is a lock itself, named for the dead
 * one's random id. So at no moment is there none for a third one to step in.
 *
 * What this cannot see is a holder elsewhere that stood still for 15 s and goes on. It finds out at its next beat, and
 * both may send the same batches until then, which count once.
 */
export class SpoolLock {
  readonly #directory: string;
  readonly #path: string;
  readonly #clock: Clock;
  readonly #here: ProcessName;
  readonly #id = randomUUID();
  #beat = 0;
  #timer: Timer | undefined;
  #held = false;
  #lost = false;

  constructor(directory: string, clock: Clock = new SystemClock(), here: ProcessName = thisProcess()) {
    this.#directory = directory;
    // Whole, so that a spool is held once by whatever name it goes.
    this.#path = resolve(directory, 'lock');
    this.#clock = clock;
    this.#here = here;
  }

  /** Whether another process took over, which means that this one seemed dead to it. */
  get lost(): boolean {
    return this.#lost;
  }

  /** @throws SpoolLockedError when somebody living has it; the signal's reason when that aborts. */
  async acquire(signal?: AbortSignal): Promise<void> {
    if (held.has(this.#path)) throw new SpoolLockedError(this.#directory, `this process (${this.#here.pid})`);
    held.add(this.#path);
    try {
      await this.#acquireAt(this.#path, signal);
      this.#held = true;
      this.#armBeat();
      await this.#tidy();
    } finally {
      if (!this.#held) held.delete(this.#path);
    }
  }

  async release(): Promise<void> {
    if (!this.#held) return;
    this.#held = false;
    this.#timer?.cancel();
    held.delete(this.#path);
    if (await this.#isMine()) await rm(this.#path, { force: true });
  }

  async #acquireAt(path: string, signal: AbortSignal | undefined): Promise<void> {
    const mine = `${path}.new.${this.#id}`;
    await writeFile(mine, this.#text());
    try {
      for (;;) {
        // A link comes into being whole and only where there is none.
        if (await succeeds(link(mine, path), 'EEXIST')) return;
        const text = await readText(path);
        if (text === undefined) continue;
        if (!(await this.#isDead(path, text, signal))) continue;
        const claim = `${path}.${holderOf(text).id}`;
        await this.#acquireAt(claim, signal);
        try {
          // As long as the claim is held, nobody else replaces this lock; it may have been replaced before.
          if ((await readText(path)) !== text) continue;
          await writeFile(mine, this.#text());
          await rename(mine, path);
          return;
        } finally {
          await rm(claim, { force: true });
        }
      }
    } finally {
      await rm(mine, { force: true });
    }
  }

  /** True: dead, with this very text. False: look again. @throws SpoolLockedError when it lives. */
  async #isDead(path: string, text: string, signal: AbortSignal | undefined): Promise<boolean> {
    const holder = holderOf(text);
    const running = isRunning(holder, this.#here);
    if (running === true) throw new SpoolLockedError(this.#directory, `process ${holder.pid}`);
    if (running === false) return true;
    const since = this.#clock.monotonic();
    while (this.#clock.monotonic() - since < WATCH_MS) {
      await this.#clock.sleep(LOOK_MS, signal);
      const now = await readText(path);
      if (now === undefined || holderOf(now).id !== holder.id) return false;
      if (now !== text)
        throw new SpoolLockedError(this.#directory, `process ${holder.pid} of another container or machine`);
    }
    return true;
  }

  /** Removes what others left who were killed while they asked. Whoever asks now is refused anyway. */
  async #tidy(): Promise<void> {
    try {
      // By the disk's time, which may be another machine's.
      const { mtimeMs: now } = await stat(this.#path);
      for (const name of await readdir(this.#directory)) {
        if (!ASKING.test(name)) continue;
        const path = join(this.#directory, name);
        if (now - (await stat(path)).mtimeMs > LEFT_MS) await rm(path, { force: true });
      }
    } catch {
      // It is in nobody's way, and some later start may succeed.
    }
  }

  #armBeat(): void {
    this.#timer = this.#clock.setTimer(() => void this.#nextBeat(), BEAT_MS, { unref: true });
  }

  async #nextBeat(): Promise<void> {
    try {
      this.#lost = !(await this.#isMine());
      if (this.#lost || !this.#held) return;
      this.#beat++;
      // Not made anew: what is read meanwhile is one text or the other, and nothing comes into being where it is gone.
      await writeFile(this.#path, this.#text(), { flag: 'r+' });
    } catch {
      // A disk that does not answer now may at the next beat; writing batches tells of it.
    }
    if (this.#held) this.#armBeat();
  }

  async #isMine(): Promise<boolean> {
    const text = await readText(this.#path);
    return text !== undefined && holderOf(text).id === this.#id;
  }

  /** Of the same length at every beat. */
  #text(): string {
    const { where = '-', pid, started = '-' } = this.#here;
    return [this.#id, where, pid, started, String(this.#beat).padStart(10, '0')].join(' ');
  }
}

/** A text that is none of ours has no process that could be asked for: it is watched. */
function holderOf(text: string): ProcessName & { readonly id: string } {
  const [word = '', where = '-', pid = '', started = '-'] = text.split(' ');
  const known = (word: string) => (word === '-' ? undefined : word);
  // It is part of a file's name.
  const id = /^[\w-]{1,40}$/.test(word) ? word : 'unknown';
  return { id, where: known(where), pid: Number(pid), started: known(started) };
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'latin1');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw cause;
  }
}

/** False when it failed with that code. */
async function succeeds(work: Promise<void>, code: string): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === code) return false;
    throw cause;
  }
}
