import type { AwaitedByLoad } from '../errors.js';
import type { Flight } from './flight.js';
import type { Permit } from './limiter.js';
import { LoadNode } from './load-graph.js';

/** One call of a loader: for one key, or for many at once. */
export class Job<Key, Value> {
  readonly node = new LoadNode();
  readonly flights: Flight<Key, Value>[] = [];
  /** Nobody waited any more. */
  abandoned = false;
  /** It came to something, or was aborted: what comes of it now is dropped. */
  over = false;
  /** When it fails for having taken too long, monotonic ms, and what it was allowed. */
  deadline = Number.POSITIVE_INFINITY;
  hardMs = Number.POSITIVE_INFINITY;
  waitsFor: AwaitedByLoad = 'tiers';
  /** When its loader was called, monotonic ms. */
  startedAt: number | undefined;
  /** From when it has asked to call its loader. */
  permit: Permit | undefined;
  /** Ends its lock on the key, over all processes. */
  unlock: (() => Promise<void>) | undefined;
  /** What it writes, when somebody has to wait for that. */
  readonly writes: Promise<unknown>[] = [];
  #controller: AbortController | undefined;
  #aborted: { readonly reason: unknown } | undefined;

  /** `onAbort` ends its flights. */
  constructor(private readonly onAbort: (job: Job<Key, Value>, reason: unknown) => void) {}

  get aborted(): boolean {
    return this.#aborted !== undefined;
  }

  /** Aborts when nobody waits any more, when it took too long, when the cache closes. Made for who asks: few loaders do. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted !== undefined) this.#controller.abort(this.#aborted.reason);
    }
    return this.#controller.signal;
  }

  /** Harmless when it is over. */
  abort(reason: unknown): void {
    if (this.over) return;
    this.#aborted = { reason };
    this.onAbort(this, reason);
    this.#controller?.abort(reason);
  }
}
