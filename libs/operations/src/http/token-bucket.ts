import type { Clock } from '#libs/time';

/**
 * A token bucket that may go into debt: something may be taken as long as the bucket is not empty, whatever its size.
 * So a batch larger than the burst still passes, and what follows waits for it.
 */
export class TokenBucket {
  #tokens: number;
  #at: number;

  constructor(
    private readonly perSecond: number,
    private readonly capacity: number,
    private readonly clock: Clock,
  ) {
    this.#tokens = capacity;
    this.#at = clock.monotonic();
  }

  /** How long until something may be taken, ms; 0 when now. */
  waitMs(): number {
    if (this.perSecond === Infinity) return 0;
    const now = this.clock.monotonic();
    this.#tokens = Math.min(this.capacity, this.#tokens + ((now - this.#at) / 1_000) * this.perSecond);
    this.#at = now;
    return this.#tokens > 0 ? 0 : ((1 - this.#tokens) / this.perSecond) * 1_000;
  }

  take(count: number): void {
    if (this.perSecond !== Infinity) this.#tokens -= count;
  }
}
