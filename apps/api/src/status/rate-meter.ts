interface Sample {
  readonly at: number;
  readonly total: number;
}

/** The rate of a total that only grows, over a sliding window. Pure: time is handed in, monotonic milliseconds. */
export class RateMeter {
  #samples: Sample[] = [];

  /** @param windowMs how far back a sample may lie to count. The longer, the calmer. */
  constructor(private readonly windowMs: number) {}

  /**
   * Takes a total and returns the rate per second over the window; 0 until there are two samples.
   * A total that fell (a log that was recreated) starts anew.
   */
  add(at: number, total: number): number {
    const last = this.#samples.at(-1);
    if (last !== undefined && (total < last.total || at <= last.at)) this.#samples = [];
    this.#samples.push({ at, total });
    // One sample at or before the window's start stays: a poll slower than the window still has two.
    while (this.#samples.length > 2 && this.#samples[1]!.at <= at - this.windowMs) this.#samples.shift();
    const first = this.#samples[0]!;
    return at === first.at ? 0 : ((total - first.total) * 1_000) / (at - first.at);
  }
}
