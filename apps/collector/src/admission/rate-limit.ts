import { HttpProblem, TokenBucket } from '#libs/operations';
import type { Clock } from '#libs/time';
import type { RateLimits } from '../config.js';

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
