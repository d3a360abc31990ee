import type { Clock, Timer } from '#libs/time';

/** How far the time that hits go by may be behind, ms, while the event loop runs: near its end an entry is judged by the clock. */
export const TICK_MS = 20;
const IDLE_TICK_MS = 1_000;

/** Monotonic ms since a tier was opened, behind by up to a tick: asking the clock costs more than a hit. */
export class TierTime {
  /** As it was last looked at. */
  now = 0;
  /**
   * What ends later is not over, as far as the ticks know; while nothing ticks, that is known of what never ends alone. One
   * comparison for a hit, and no call: one in some thousand finds that nothing ticks, and wakes it.
   */
  sureFrom = Number.MAX_VALUE;
  readonly #start: number;
  #timer: Timer | undefined;
  #ticksFast = false;
  #used = false;

  constructor(
    readonly clock: Clock,
    /** Called with each tick: says whether there is something that can expire. Without, nothing ticks while nobody asks. */
    private readonly sweep: () => boolean,
  ) {
    this.#start = clock.monotonic();
  }

  /** The time, behind by up to a tick. */
  coarse(): number {
    this.#used = true;
    if (!this.#ticksFast) this.#wake();
    return this.now;
  }

  /** The time by the clock: some 90 ns. */
  exact(): number {
    if (!this.#ticksFast) this.#wake();
    return this.#look();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#sleep();
  }

  /** Sweeps nothing: whoever asks for the time has a slot in hand. */
  #wake(): void {
    this.#timer?.cancel();
    this.#ticksFast = true;
    this.#look();
    this.#setTimer(TICK_MS);
  }

  #tick(): void {
    this.#look();
    const mayExpire = this.sweep();
    // Asleep, it only sweeps, and only while there is something that can expire.
    if (!this.#used) this.#sleep();
    this.#used = false;
    if (this.#ticksFast) this.#setTimer(TICK_MS);
    else if (mayExpire) this.#setTimer(IDLE_TICK_MS);
    else this.#timer = undefined;
  }

  #look(): number {
    this.now = this.clock.monotonic() - this.#start;
    if (this.#ticksFast) this.sureFrom = this.now + TICK_MS;
    return this.now;
  }

  #sleep(): void {
    this.#ticksFast = false;
    this.sureFrom = Number.MAX_VALUE;
  }

  #setTimer(delayMs: number): void {
    this.#timer = this.clock.setTimer(() => this.#tick(), delayMs, { unref: true });
  }
}
