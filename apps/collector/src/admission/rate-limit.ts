import { HttpProblem } from '#libs/operations';
import type { Clock } from '#libs/time';
import type { RateLimits } from '../config.js';

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

/** One bucket for events and one for bytes per key. Keys come from the keys file, so their number is bounded by it. */
export class RateLimiter {
  readonly #byKey = new Map<string, { events: TokenBucket; bytes: TokenBucket }>();

  constructor(
    private readonly limits: RateLimits,
    private readonly clock: Clock,
  ) {}

  /** Takes the bytes, or says how long to wait. @throws HttpProblem RATE_LIMITED */
  takeBytes(keyId: string, bytes: number): void {
    const { events, bytes: bucket } = this.#buckets(keyId);
    // Events are asked for, too: what would be refused after parsing is better refused before.
    const waitMs = Math.max(bucket.waitMs(), events.waitMs());
    if (waitMs > 0)
      throw new HttpProblem(
        'RATE_LIMITED',
        `More comes ${keyId === '' ? 'without a key' : 'under this key'} than may be sent at once.`,
        { retryAfterMs: waitMs },
      );
    bucket.take(bytes);
  }

  takeEvents(keyId: string, count: number): void {
    this.#buckets(keyId).events.take(count);
  }

  #buckets(keyId: string) {
    let buckets = this.#byKey.get(keyId);
    if (buckets === undefined) {
      const { eventsPerSecond, bytesPerSecond, burstSeconds } = this.limits;
      buckets = {
        events: new TokenBucket(eventsPerSecond, eventsPerSecond * burstSeconds, this.clock),
        bytes: new TokenBucket(bytesPerSecond, bytesPerSecond * burstSeconds, this.clock),
      };
      this.#byKey.set(keyId, buckets);
    }
    return buckets;
  }
}
