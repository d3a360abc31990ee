import type { Clock } from '#libs/time';

/** Shortest sleep worth taking, ms: timers are no finer. */
const GRAIN_MS = 5;

export interface PaceOptions {
  /** Times the trace's own speed; needs a trace with times. */
  readonly speed?: number | undefined;
  /** Accesses per second. */
  readonly rate?: number | undefined;
}

/** How long the next access has to wait, by the trace's own times or by a fixed rate. */
export class Pace {
  readonly #options: PaceOptions;
  readonly #clock: Clock;
  readonly #startedAt: number;
  #firstTimeMs: number | undefined;
  #accesses = 0;

  constructor(options: PaceOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.#startedAt = clock.monotonic();
  }

  /** Milliseconds until the next access is due, 0 when it is due or as good as due. O(1). */
  delayMs(timeMs: number | undefined): number {
    const { speed, rate } = this.#options;
    this.#accesses += 1;
    if (speed === undefined && rate === undefined) return 0;
    let dueMs = 0;
    if (rate !== undefined) dueMs = ((this.#accesses - 1) / rate) * 1_000;
    if (speed !== undefined && timeMs !== undefined) {
      this.#firstTimeMs ??= timeMs;
      dueMs = Math.max(dueMs, (timeMs - this.#firstTimeMs) / speed);
    }
    const delayMs = this.#startedAt + dueMs - this.#clock.monotonic();
    return delayMs < GRAIN_MS ? 0 : delayMs;
  }
}
