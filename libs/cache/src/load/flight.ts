import type { RequestResult } from '#libs/contracts';
import type { LoadOptions } from '../options.js';
import type { Found } from '../tier/found.js';
import type { LoadNode } from './load-graph.js';
import type { Watch } from './watch.js';

/** What a flight came to. */
export interface Outcome<Value> {
  readonly value: Value | undefined;
  /** `kept`: a tier had it; `loaded`; `unchanged`: the origin says that what was held still holds. */
  readonly how: 'kept' | 'loaded' | 'unchanged';
  /** The entry that a tier had. */
  readonly found?: Found;
}

/** One key on its way: read from the tiers beyond memory, and loaded when they have it not. Those who want it share it. */
export class Flight<Key, Value> {
  readonly #settling = Promise.withResolvers<Outcome<Value>>();
  readonly outcome = this.#settling.promise;
  settled = false;
  /** Those who wait for it; what is to go on without anybody counts as one. */
  waiters = 0;
  /** It is loaded whatever the tiers hold. */
  forced = false;
  /** What the first tier beyond memory answered. */
  first: RequestResult | undefined;
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
  ) {
    // Those who wait see it; when nobody does, nobody needs to.
    this.outcome.catch(() => undefined);
  }

  land(outcome: Outcome<Value>): void {
    this.settled = true;
    this.#settling.resolve(outcome);
  }

  crash(error: unknown): void {
    this.settled = true;
    this.#settling.reject(error);
  }
}

/** One call of a loader: for one key, or for many at once. */
export interface Job<Key, Value> {
  readonly node: LoadNode;
  /** Aborts when nobody waits any more, when it took too long, when the cache closes. */
  readonly controller: AbortController;
  /** Nobody waited any more. */
  abandoned: boolean;
  readonly flights: Flight<Key, Value>[];
}
