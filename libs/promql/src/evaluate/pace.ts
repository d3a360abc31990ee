import { SystemClock } from '#libs/time';

/** So many samples are looked at in a turn of the event loop: 10 to 20 ms. */
const UNITS_PER_TURN = 3_000_000;

/** Lets others have the event loop now and then while a query is evaluated, so that its signal can be heard. */
export class Pace {
  readonly #clock = new SystemClock();
  #units = 0;

  constructor(private readonly signal?: AbortSignal) {}

  /** Whether it is time to pause after so many more samples. */
  isDue(units: number): boolean {
    this.#units += units;
    return this.#units >= UNITS_PER_TURN;
  }

  /** @throws the signal's reason when that has aborted */
  async pause(): Promise<void> {
    this.#units = 0;
    await this.#clock.sleep(0, this.signal);
  }

  /** @throws the signal's reason when that has aborted */
  check(): void {
    this.signal?.throwIfAborted();
  }
}
