import type { Clock } from '#libs/time';
import type { Pace } from './ports.js';

/** How long telemetry works at a stretch before it lets the event loop go on, ms. The step that ends a slice may be long. */
const SLICE_MS = 0.5;

/**
 * Cuts long work into slices: `breathe` before it starts, `due` after each small step, and `breathe` again when it says so.
 * Between two breaths lies one slice, alone in its turn of the event loop.
 */
export class Pacer implements Pace {
  longestSliceMs = 0;
  readonly #clock: Clock;
  #since = 0;
  /** Works that breathe at the same time go on in turns: two slices in one turn of the event loop would be one long one. */
  #turn: Promise<void> = Promise.resolve();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether the slice is long enough. It also takes the measure. */
  due(): boolean {
    const took = this.#clock.monotonic() - this.#since;
    if (took > this.longestSliceMs) this.longestSliceMs = took;
    return took >= SLICE_MS;
  }

  /** Lets the event loop go on; a new slice starts when it resolves. */
  async breathe(): Promise<void> {
    this.#turn = this.#turn.then(() => this.#clock.sleep(0));
    await this.#turn;
    this.#since = this.#clock.monotonic();
  }
}
