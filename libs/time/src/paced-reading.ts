import type { Clock } from './clock.js';
import { pauseAfter } from './paced.js';

/** How long the next one waits at most after one that failed, ms: a database that was away comes back. */
const MOST_AFTER_FAILURE_MS = 60_000;

/** How long the second one waits at most, ms: the first pays for planning and cold caches, and is no measure. */
const MOST_AFTER_FIRST_MS = 1_000;

/**
 * A value that is read anew at most as often as its cost allows: after a reading that took 100 ms, the next one waits
 * 2 s. So a growing database makes a total older, never the database busier; also when a reading takes longer than it may
 * and fails: the last value stays.
 */
export class PacedReading<Value> {
  #last: Promise<Value> | undefined;
  #dueAt = -Infinity;
  #running: Promise<Value> | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly read: () => Promise<Value>,
  ) {}

  /** The value as it was last read; reads it first when it is due. @throws what the reading throws while none came. */
  get(): Promise<Value> {
    if (this.#last !== undefined && this.clock.monotonic() < this.#dueAt) return this.#last;
    this.#running ??= this.#read().finally(() => (this.#running = undefined));
    return this.#running;
  }

  async #read(): Promise<Value> {
    const started = this.clock.monotonic();
    const reading = this.read();
    const before = this.#last;
    const last = reading.catch((error: unknown) => before ?? Promise.reject(error));
    const failed = await reading.then(
      () => false,
      () => true,
    );
    const ended = this.clock.monotonic();
    const pause = pauseAfter(ended - started);
    const most = failed ? MOST_AFTER_FAILURE_MS : before === undefined ? MOST_AFTER_FIRST_MS : Infinity;
    this.#dueAt = ended + Math.min(pause, most);
    this.#last = last;
    return last;
  }
}
