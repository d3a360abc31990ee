import type { Clock, Timer } from '#libs/time';

/** A moment by which something must be over. Several may be named: the earliest counts. */
export class Deadline {
  /** Resolves when the moment has come. */
  readonly over: Promise<'over'>;
  readonly #clock: Clock;
  #at = Infinity;
  #timer: Timer | undefined;
  #end: () => void = () => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.over = new Promise((resolve) => {
      this.#end = () => resolve('over');
    });
  }

  /** It is to be over in so many ms, or before when that was said already. */
  within(ms: number): void {
    const at = this.#clock.monotonic() + ms;
    if (at >= this.#at) return;
    this.#at = at;
    this.#timer?.cancel();
    this.#timer = this.#clock.setTimer(this.#end, ms);
  }

  /** Nobody waits for it any more, and no later word counts. */
  cancel(): void {
    this.#at = -Infinity;
    this.#timer?.cancel();
  }
}
