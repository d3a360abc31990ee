import { readFile, stat } from 'node:fs/promises';
import type { Clock, Timer } from '#libs/time';
import { alperfCommand } from '../alperf-command.js';
import { SettingsError } from '../settings/settings.js';
import { parseKeys, type ApiKeys } from './api-keys.js';

export interface KeysFileOptions {
  readonly path: string;
  readonly clock: Clock;
  /** How often the file is looked at, ms. Default 2,000. */
  readonly checkEveryMs?: number;
  readonly onReload?: (outcome: KeysReload) => void;
}

/**
 * What came of looking at the file: new keys are in force, or a changed file cannot be used, or it cannot be read at all,
 * which is told once and not at each look; the keys before it stay in force then. `back` ends what could not be read.
 */
export type KeysReload =
  { readonly keys: number; readonly back?: true } | { readonly problem: string; readonly back?: never };

/**
 * The keys of a file, read again when it changes. Looked at by time rather than watched: that also sees a file that is
 * replaced by renaming or by another link, as secrets are mounted.
 */
export class KeysFile {
  #keys: ApiKeys;
  /** Fingerprint of what was read last, usable or not. */
  #seen: string;
  /** Why the file could not be read at the last look; undefined when it could. */
  #unreadable: string | undefined;
  #timer: Timer | undefined;
  #closed = false;

  /** @throws SettingsError when the file cannot be read, or not be used. */
  static async open(options: KeysFileOptions): Promise<KeysFile> {
    try {
      const seen = await fingerprint(options.path);
      return new KeysFile(options, parseKeys(await readFile(options.path, 'utf8')), seen);
    } catch (error) {
      if (error instanceof SettingsError) throw error;
      throw new SettingsError([unreadable(options.path, (error as NodeJS.ErrnoException).code)]);
    }
  }

  private constructor(
    private readonly options: KeysFileOptions,
    keys: ApiKeys,
    seen: string,
  ) {
    this.#keys = keys;
    this.#seen = seen;
    this.#schedule();
  }

  /** Those in force now. */
  get keys(): ApiKeys {
    return this.#keys;
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #schedule(): void {
    if (this.#closed) return;
    const look = () => void this.#look().then(() => this.#schedule());
    this.#timer = this.options.clock.setTimer(look, this.options.checkEveryMs ?? 2_000, { unref: true });
  }

  async #look(): Promise<void> {
    let text: string | undefined;
    try {
      const seen = await fingerprint(this.options.path);
      if (seen !== this.#seen) text = await readFile(this.options.path, 'utf8');
      // Only what was read is seen: a file that could not be read is tried again, since its mending need not change it.
      this.#seen = seen;
    } catch (error) {
      const problem = unreadable(this.options.path, (error as NodeJS.ErrnoException).code);
      if (problem !== this.#unreadable) this.options.onReload?.({ problem });
      this.#unreadable = problem;
      return;
    }
    const back = this.#unreadable === undefined ? {} : ({ back: true } as const);
    this.#unreadable = undefined;
    if (text !== undefined) {
      try {
        this.#keys = parseKeys(text);
      } catch (error) {
        this.options.onReload?.({ problem: problemOf(error) });
        return;
      }
    }
    if (text !== undefined || back.back) this.options.onReload?.({ keys: this.#keys.size, ...back });
  }
}

/** In one line, for the log. */
function problemOf(error: unknown): string {
  return error instanceof SettingsError ? error.problems.join('; ') : String(error);
}

async function fingerprint(path: string): Promise<string> {
  const { mtimeMs, size, ino } = await stat(path);
  return `${ino}:${size}:${mtimeMs}`;
}

function unreadable(path: string, code: string | undefined): string {
  const problem = `keys file ${path}: cannot be read (${code})`;
  if (code === 'ENOENT')
    return `${problem}; make it with "${alperfCommand(`keys create --id first --scopes admin --file ${path}`)}", or correct the path`;
  if (code === 'EACCES') return `${problem}; let the user that this program runs as read it`;
  return problem;
}
