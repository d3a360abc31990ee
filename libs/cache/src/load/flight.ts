import type { RequestResult } from '#libs/contracts';
import type { LoadOptions } from '../options.js';
import type { Found } from '../tier/found.js';
import type { Job } from './job.js';
import type { Watch } from './watch.js';

/** What a flight came to. */
export interface Outcome<Value> {
  readonly value: Value | undefined;
  /** `kept`: a tier had it; `loaded`; `unchanged`: what was held still holds, says the origin, or the value itself. */
  readonly how: 'kept' | 'loaded' | 'unchanged';
  /** The entry that a tier had. */
  readonly found?: Found;
  /** It was held, and is answered in place of what takes too long or failed. */
  readonly older?: boolean;
}

/** Told once what a flight came to. */
interface Waiter<Value> {
  landed(outcome: Outcome<Value>): void;
  crashed(error: unknown): void;
}

/**
 * One key on its way: read from the tiers beyond memory, and loaded when they have it not. Those who want it share it. It
 * is no promise: most flights have one who waits, and each promise less is some 100 ns less for a miss.
 */
export class Flight<Key, Value> {
  readonly #waiting: Waiter<Value>[] = [];
  #outcome: Outcome<Value> | undefined;
  #error: unknown;
  settled = false;
  /** Those who wait for it; what is to go on without anybody counts as one. */
  waiters = 0;
  /** It is loaded whatever the tiers hold. */
  forced = false;
  /** What the first tier beyond memory answered. */
  first: RequestResult | undefined;
  /** When that was a miss: see `Tier.ghostHits`. */
  ghostHits = 0;
  /** What is held and may be answered if it cannot be loaded, or not soon; as old as it was at `olderAt`, monotonic ms. */
  older: Found | undefined;
  olderAt = 0;

  constructor(
    readonly key: Key,
    readonly encoded: string,
    readonly watch: Watch,
    readonly job: Job<Key, Value>,
    readonly write: LoadOptions,
    /** What the keys and tags of its namespace begin with. */
    readonly prefix: string,
  ) {}

  /** Calls back when it has settled, or at once when it has. */
  whenSettled(waiter: Waiter<Value>): void {
    if (!this.settled) this.#waiting.push(waiter);
    else if (this.#outcome === undefined) waiter.crashed(this.#error);
    else waiter.landed(this.#outcome);
  }

  /** Once; see `Flights.end`. */
  land(outcome: Outcome<Value>): void {
    this.settled = true;
    this.#outcome = outcome;
    for (const waiter of this.#waiting) waiter.landed(outcome);
  }

  /** Once; see `Flights.end`. */
  crash(error: unknown): void {
    this.settled = true;
    this.#error = error;
    for (const waiter of this.#waiting) waiter.crashed(error);
  }
}
