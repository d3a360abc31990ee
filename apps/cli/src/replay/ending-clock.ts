import { Clock, type Timer } from '#libs/time';

/**
 * A clock whose waits can be ended all at once. What telemetry waits for at its shutdown is a timer that keeps the
 * process alive, and asking it a second time does not shorten that: a replay that gives up would sit there until
 * `--wait` is over. Timers that keep nothing alive are left alone.
 */
export class EndingClock extends Clock {
  readonly #clock: Clock;
  readonly #waits = new Map<Timer, () => void>();
  #ended = false;

  constructor(clock: Clock) {
    super();
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  monotonic(): number {
    return this.#clock.monotonic();
  }

  setTimer(callback: () => void, delayMs: number, options?: { unref?: boolean }): Timer {
    if (options?.unref === true) return this.#clock.setTimer(callback, delayMs, options);
    const fire = () => {
      inner.cancel();
      if (this.#waits.delete(timer)) callback();
    };
    const inner = this.#clock.setTimer(fire, this.#ended ? 0 : delayMs);
    const timer: Timer = {
      cancel: () => {
        inner.cancel();
        this.#waits.delete(timer);
      },
    };
    this.#waits.set(timer, fire);
    return timer;
  }

  /** Every wait is over, also those that begin later. */
  endWaits(): void {
    this.#ended = true;
    for (const fire of this.#waits.values()) fire();
  }
}
