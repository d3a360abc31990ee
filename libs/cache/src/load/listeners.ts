import { asError } from '../tier/far-tier.js';
import type { Selection } from '../tier/tier.js';

/** What was done to a key: it was written, with `undefined` when its absence is remembered; or removed, perhaps. */
export type Change<Value> =
  | { readonly written: true; readonly value: Value | undefined }
  | { readonly written: false; readonly value?: undefined };

type Listener = (change: Change<unknown>) => void;

const NOBODY: readonly Listener[] = [];
const REMOVED: Change<unknown> = { written: false };

/** Who wants to know when what a cache would answer for a key may be another now: a view that shows it. */
export class Listeners {
  readonly #byKey = new Map<string, Set<Listener>>();

  /** @param onProblem told of a listener that throws: the cache, and the other listeners, go on as if it had not. */
  constructor(private readonly onProblem: (problem: Error) => void) {}

  /** Returns what ends it. */
  add(key: string, listener: Listener): () => void {
    const listeners = this.#byKey.get(key) ?? new Set();
    this.#byKey.set(key, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#byKey.get(key) === listeners) this.#byKey.delete(key);
    };
  }

  /** Nearly free while nobody listens: every write calls it. */
  tell(key: string, change: Change<unknown>): void {
    if (this.#byKey.size === 0) return;
    // A set may be changed while it is walked: who comes to listen now is told the next change.
    for (const listener of Array.from(this.#byKey.get(key) ?? NOBODY))
      try {
        listener(change);
      } catch (problem) {
        this.onProblem(asError(problem));
      }
  }

  /** Entries were removed. Which ones a tag or a predicate meant nobody knows afterwards: all are told. */
  removed(selection: Selection): void {
    if (this.#byKey.size === 0) return;
    if ('key' in selection) return this.tell(selection.key, REMOVED);
    for (const key of Array.from(this.#byKey.keys()))
      if (!('prefix' in selection) || key.startsWith(selection.prefix)) this.tell(key, REMOVED);
  }
}
