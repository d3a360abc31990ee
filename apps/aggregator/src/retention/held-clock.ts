/** Less than this is no jump: clocks are set by seconds now and then, and rounds are not on time. */
const TOLERANCE_MS = 5 * 60_000;

export interface Look {
  /** What may be trusted, ms since 1970; undefined until the clock has been watched for long enough. */
  readonly trustedMs: number | undefined;
  /** How far the clock went forward against the monotonic one since the look before, ms; 0 when that is no jump. */
  readonly jumpedMs: number;
}

interface Gain {
  /** Wall clock less monotonic clock, ms: it grows when the wall clock is set forward, or the machine slept. */
  readonly gainMs: number;
  /** Since when the clock has shown this much or more, monotonic ms. */
  readonly sinceMs: number;
}

/**
 * The wall clock as far as it may be trusted with what cannot be undone. Time that the monotonic clock did not see pass
 * is believed only once the wall clock has shown it for `holdMs` of this process's run; a step back at once. So a clock
 * that is wrong for a while drops nothing, and after a sleep or a restart the old is dropped a little later.
 */
export class HeldClock {
  /** Ascending in both: the first is the least that was shown lately, and what is trusted. */
  #gains: Gain[] = [];
  #latestMs: number | undefined;

  constructor(private readonly holdMs: number) {}

  look(nowMs: number, monotonicMs: number): Look {
    const gainMs = nowMs - monotonicMs;
    const jumpedMs = this.#latestMs === undefined ? 0 : gainMs - this.#latestMs;
    this.#latestMs = gainMs;
    // Whoever showed more showed this much, too.
    const above = this.#gains.findIndex((gain) => gain.gainMs >= gainMs);
    const sinceMs = above < 0 ? monotonicMs : this.#gains[above]!.sinceMs;
    this.#gains = [...(above < 0 ? this.#gains : this.#gains.slice(0, above)), { gainMs, sinceMs }];
    const held = this.#gains.findLastIndex((gain) => gain.sinceMs <= monotonicMs - this.holdMs);
    if (held > 0) this.#gains = this.#gains.slice(held);
    return {
      trustedMs: held < 0 ? undefined : monotonicMs + this.#gains[0]!.gainMs,
      jumpedMs: jumpedMs > TOLERANCE_MS ? jumpedMs : 0,
    };
  }
}
