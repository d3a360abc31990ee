import { HttpProblem, type Logger } from '#libs/operations';
import type { Clock, Timer } from '#libs/time';
import type { ControlState } from './control-state.js';
import type { Snapshot } from './documents.js';

export interface ControlWatchOptions {
  readonly state: ControlState;
  readonly clock: Clock;
  readonly log: Logger;
  /** How often it looks for what other processes wrote, ms. Default 500. */
  readonly everyMs?: number;
}

/**
 * Keeps the control state at hand for the streams: looks twice a second whether another process changed it, one small
 * read, and at once after a change made here. Also forgets commands that are not valid any more, keys and all.
 */
export class ControlWatch {
  #snapshot: Snapshot | undefined;
  #version: bigint | undefined;
  #looking: Promise<unknown> = Promise.resolve();
  /** A look that has not begun yet: all who ask meanwhile share it. */
  #waiting: Promise<boolean> | undefined;
  #timer: Timer | undefined;
  #stopped = true;
  #failed = false;
  readonly #listeners = new Set<(snapshot: Snapshot) => void>();

  constructor(private readonly options: ControlWatchOptions) {}

  /** As it was at the last look; undefined until the first that came through. */
  get snapshot(): Snapshot | undefined {
    return this.#snapshot;
  }

  onChange(listener: (snapshot: Snapshot) => void): void {
    this.#listeners.add(listener);
  }

  start(): void {
    this.#stopped = false;
    this.#next(0);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#looking;
  }

  /**
   * Looks now; what was written before the call is in the snapshot when it resolves, or it is false: the state could not be
   * read. Never rejects.
   */
  look(): Promise<boolean> {
    this.#waiting ??= this.#looking.then(() => {
      this.#waiting = undefined;
      return this.#look();
    });
    this.#looking = this.#waiting;
    return this.#waiting;
  }

  /** Which of these commands are valid, also those that another process was given a moment ago. @throws HttpProblem STATE_UNAVAILABLE */
  async validOf(commands: readonly string[]): Promise<ReadonlySet<string>> {
    const isKnown = (id: string) => this.#snapshot?.commands.has(id) === true;
    if (!commands.every(isKnown) && !(await this.look()))
      throw new HttpProblem('STATE_UNAVAILABLE', 'Which commands are valid cannot be read now.', {
        retryAfterMs: 2_000,
      });
    return new Set(commands.filter(isKnown));
  }

  #next(delayMs: number): void {
    if (this.#stopped) return;
    this.#timer = this.options.clock.setTimer(
      () => void this.look().then(() => this.#next(this.options.everyMs ?? 500)),
      delayMs,
      { unref: true },
    );
  }

  async #look(): Promise<boolean> {
    const { state, log } = this.options;
    try {
      // The version first: what is written between the two is then read again, not missed.
      const version = await state.version();
      if (version !== this.#version) {
        const snapshot = await state.read();
        this.#version = version;
        if (snapshot.unreadable > 0)
          log.warn('Control state of another version is left out.', { entries: snapshot.unreadable });
        this.#become(snapshot);
      }
      await this.#forget();
      if (this.#failed) log.info('Control state can be read again.');
      this.#failed = false;
      return true;
    } catch (error) {
      // Listeners keep what they have; it is looked for again.
      if (!this.#failed) log.warn('Control state cannot be read; instances keep what they have.', { error });
      this.#failed = true;
      return false;
    }
  }

  #become(snapshot: Snapshot): void {
    this.#snapshot = snapshot;
    for (const listener of this.#listeners) listener(snapshot);
  }

  async #forget(): Promise<void> {
    const now = this.options.clock.now();
    const { commands: known, withdrawn = [] } = this.#snapshot ?? {};
    const commands = [...(known ?? [])];
    const over = commands.filter(([, { command }]) => command.validUntil <= now).map(([id]) => id);
    if (over.length + withdrawn.length === 0) return;
    await this.options.state.forget([...withdrawn, ...over]);
    this.#snapshot = {
      ...this.#snapshot!,
      withdrawn: [],
      commands: new Map(commands.filter(([, { command }]) => command.validUntil > now)),
    };
  }
}
