import type {
  InvalidationBus,
  InvalidationListener,
  InvalidationMessage,
  InvalidationSubscription,
} from '../invalidation/bus.js';

/** A bus within one process, for tests: listeners are told in a later turn, as they are from afar. It remembers what was published. */
export class LocalInvalidations implements InvalidationBus {
  readonly published: InvalidationMessage[] = [];
  readonly #listeners = new Set<InvalidationListener>();
  /** Every call fails while it is set. */
  away = false;

  async publish(message: InvalidationMessage): Promise<void> {
    if (this.away) throw new Error('The bus is away.');
    this.published.push(message);
    const hearing = [...this.#listeners];
    await Promise.resolve();
    for (const listener of hearing)
      if (this.#listeners.has(listener)) listener.heard(JSON.parse(JSON.stringify(message)) as InvalidationMessage);
  }

  async subscribe(listener: InvalidationListener): Promise<InvalidationSubscription> {
    if (this.away) throw new Error('The bus is away.');
    this.#listeners.add(listener);
    return { close: async () => void this.#listeners.delete(listener) };
  }

  /** As if messages had been lost. */
  lose(): void {
    for (const listener of this.#listeners) listener.missed();
  }
}
