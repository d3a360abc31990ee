import type { Clock } from '#libs/time';

/** A reading may take at most one part in this many of the time. */
const SHARE = 20;

/**
 * A value that is read anew at most as often as its cost allows: after a reading that took 100 ms, the next one waits
 * 2 s. So a growing database makes a total older, never the database busier.
 */
export class PacedReading<Value> {
  #value: Value | undefined;
  #dueAt = -Infinity;
  #running: Promise<Value> | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly read: () => Promise<Value>,
  ) {}

  /** The value as it was last read; reads it first when it is due. @throws what the reading throws. */
  async get(): Promise<Value> {
    if (this.#value !== undefined && this.clock.monotonic() < this.#dueAt) return this.#value;
    this.#running ??= this.#read().finally(() => (this.#running = undefined));
    return this.#running;
  }

  async #read(): Promise<Value> {
    const started = this.clock.monotonic();
    this.#value = await this.read();
    const ended = this.clock.monotonic();
    this.#dueAt = ended + (ended - started) * SHARE;
    return this.#value;
  }
}
