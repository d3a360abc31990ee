import { Clock, type Timer } from '../clock.js';

interface Pending {
  readonly due: number;
  readonly order: number;
  readonly callback: () => void;
}

/** A clock that moves only when told. Timers run in the order they are due, those of one moment in the order they were set. */
export class FakeClock extends Clock {
  #wall: number;
  #monotonic = 0;
  #order = 0;
  readonly #pending = new Set<Pending>();

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    super();
    this.#wall = startMs;
  }

  now(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    const pending = { due: this.#monotonic + Math.max(0, delayMs), order: this.#order++, callback };
    this.#pending.add(pending);
    return { cancel: () => this.#pending.delete(pending) };
  }

  /** How many timers are waiting. */
  get timers(): number {
    return this.#pending.size;
  }

  /** Moves both clocks on, running what falls due, and lets promises settle in between. */
  async advance(ms: number): Promise<void> {
    const until = this.#monotonic + ms;
    await settle();
    for (let next = this.#next(until); next !== undefined; next = this.#next(until)) {
      this.#move(next.due);
      this.#pending.delete(next);
      next.callback();
      await settle();
    }
    this.#move(until);
    await settle();
  }

  /** Moves the wall clock alone, forwards or back, as a user or NTP does. */
  jump(ms: number): void {
    this.#wall += ms;
  }

  #move(monotonic: number): void {
    this.#wall += monotonic - this.#monotonic;
    this.#monotonic = monotonic;
  }

  #next(until: number): Pending | undefined {
    let first: Pending | undefined;
    for (const one of this.#pending)
      if (
        one.due <= until &&
        (first === undefined || one.due < first.due || (one.due === first.due && one.order < first.order))
      )
        first = one;
    return first;
  }
}

/** Lets promise callbacks that are already due run. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}
