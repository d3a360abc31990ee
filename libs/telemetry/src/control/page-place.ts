import type { Clock, Timer } from '#libs/time';
import { ListeningPlace } from './listening-place.js';

/** What a page of a browser tells of itself and of the other pages of its origin. */
export abstract class ListeningPage {
  /** Whether somebody can see it now. */
  abstract get visible(): boolean;

  /** Calls back when it was shown or hidden, and when it goes (`gone`), perhaps to come back; until the signal aborts. */
  abstract watch(changed: (gone: boolean) => void, signal: AbortSignal): void;

  /**
   * Does the work while no other page of the origin holds the lock of that name. A page that is closed holds none.
   * Rejects when the signal aborts before the work began, and where pages have no locks.
   */
  abstract withLock(name: string, signal: AbortSignal, work: () => Promise<void>): Promise<void>;
}

/** Streams that the pages of one origin hold to one endpoint: of the six connections to a host, the others stay free. */
const PLACES = [1, 2];
/** A page that is hidden for a shorter time goes on listening, ms. */
const HIDDEN_MS = 5_000;

/**
 * The place of a page: a browser gives all its pages together six connections to a host (HTTP/1.1), and a stream takes
 * one for good. So a page listens while it is visible, and no more than two at a time; the others wait for a place.
 * Without locks, being visible is enough.
 */
export class PagePlace extends ListeningPlace {
  readonly #page: ListeningPage;
  readonly #name: string;
  readonly #clock: Clock;

  constructor(page: ListeningPage, endpoint: string, clock: Clock) {
    super();
    this.#page = page;
    this.#name = `allibrary control ${endpoint.replace(/\/$/, '')}`;
    this.#clock = clock;
  }

  hold(listen: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): void {
    let wanted: AbortController | undefined;
    let listens = false;
    let leaving: Timer | undefined;
    const letGo = () => {
      leaving?.cancel();
      wanted?.abort();
      wanted = undefined;
      listens = false;
    };
    const look = (gone: boolean) => {
      leaving?.cancel();
      if (signal.aborted) return;
      if (gone || (!this.#page.visible && !listens)) letGo();
      else if (!this.#page.visible) leaving = this.#clock.setTimer(letGo, HIDDEN_MS);
      else if (wanted === undefined) {
        wanted = new AbortController();
        void this.#share((one) => {
          listens = true;
          return listen(one);
        }, wanted.signal);
      }
    };
    signal.addEventListener('abort', letGo, { once: true });
    this.#page.watch(look, signal);
    look(false);
  }

  /** Asks for all places at once, and takes the first that is free. */
  async #share(listen: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    const asking = new AbortController();
    signal.addEventListener('abort', () => asking.abort(), { once: true });
    let taken = false;
    const take = async () => {
      if (taken || signal.aborted) return;
      taken = true;
      asking.abort();
      await listen(signal);
    };
    const asked = PLACES.map((place) => this.#page.withLock(`${this.#name} ${place}`, asking.signal, take));
    // One that was asked for in vain is no fault, and there being no locks is none either: nobody has begun then.
    await Promise.all(asked).catch(take);
  }
}
