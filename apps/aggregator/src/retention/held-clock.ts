/** Less than this is no jump: clocks are set by seconds now and then, and rounds are not on time. */
const TOLERANCE_MS = 5 * 60_000;

export interface Look {
  /** What may be trusted, ms since 1970; undefined until the clock has been watched for long enough. */
  readonly trustedMs: number | undefined;
  /** How far the clock went forward against the monotonic one since the look before, ms; 0 when that is no jump. */
  readonly jumpedMs: number;
}

interface Gain {
  /** Wall clock less run time, ms: it grows when the wall clock is set forward, the machine slept or nothing ran. */
  readonly gainMs: number;
  /** Since when the clock has shown this much or more, ms of run time. */
  readonly sinceMs: number;
}

/** What a clock has shown so far: what the next process goes on with. */
export interface Watched {
  /** How long it was watched, over all processes, ms. */
  readonly ranMs: number;
  readonly gains: readonly Gain[];
}

/** Beyond this many the newest but one goes: less is believed then, never more. */
const MAX_GAINS = 500;

/**
 * The wall clock as far as it may be trusted with what cannot be undone. Time that the monotonic clock did not see pass
 * is believed only once the wall clock has shown it for `holdMs` of run time; a step back at once. Run time adds up over
 * processes: time between two of them is a jump like any other. So a clock that is wrong for a while drops nothing, and
 * after a sleep or a restart the old is dropped a little later, also where no process ever runs for `holdMs`.
 */
export class HeldClock {
  /** Ascending in both: the first is the least that was shown lately, and what is trusted. */
  #gains: readonly Gain[];
  #ranMs: number;
  #monotonicMs: number | undefined;
  #latestMs: number | undefined;

  /** @param before What an earlier process had watched, if that is known. */
  constructor(
    private readonly holdMs: number,
    before: Watched = { ranMs: 0, gains: [] },
  ) {
    this.#ranMs = before.ranMs;
    this.#gains = before.gains;
  }

  get watched(): Watched {
    return { ranMs: this.#ranMs, gains: this.#gains };
  }

  look(nowMs: number, monotonicMs: number): Look {
    this.#ranMs += monotonicMs - (this.#monotonicMs ?? monotonicMs);
    this.#monotonicMs = monotonicMs;
    const ranMs = this.#ranMs;
    const gainMs = nowMs - ranMs;
    const jumpedMs = this.#latestMs === undefined ? 0 : gainMs - this.#latestMs;
    this.#latestMs = gainMs;
    // Whoever showed more showed this much, too.
    const above = this.#gains.findIndex((gain) => gain.gainMs >= gainMs);
    const sinceMs = above < 0 ? ranMs : this.#gains[above]!.sinceMs;
    const gains = [...(above < 0 ? this.#gains : this.#gains.slice(0, above)), { gainMs, sinceMs }];
    const held = gains.findLastIndex((gain) => gain.sinceMs <= ranMs - this.holdMs);
    this.#gains = gains.slice(Math.max(held, 0));
    if (this.#gains.length > MAX_GAINS) this.#gains = this.#gains.toSpliced(-2, 1);
    return {
      trustedMs: held < 0 ? undefined : ranMs + this.#gains[0]!.gainMs,
      jumpedMs: jumpedMs > TOLERANCE_MS ? jumpedMs : 0,
    };
  }
}

/** For `meta`. */
export function watchedText({ ranMs, gains }: Watched): string {
  return JSON.stringify([Math.round(ranMs), ...gains.map((one) => [Math.floor(one.gainMs), Math.ceil(one.sinceMs)])]);
}

/** What was written there; undefined when it cannot be read, so that watching begins anew. */
export function readWatched(text: string): Watched | undefined {
  try {
    const [ranMs, ...rows] = JSON.parse(text) as [unknown, ...unknown[]];
    const gains = rows.map((row) => {
      const [gainMs, sinceMs] = row as [unknown, unknown];
      return { gainMs: finite(gainMs), sinceMs: finite(sinceMs) };
    });
    return { ranMs: finite(ranMs), gains };
  } catch {
    return undefined;
  }
}

function finite(value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new TypeError(`${String(value)} is no time.`);
}
