import type { EntryInfo } from '../tier/tier.js';
import type { Write } from './work.js';

/** Keys of which an outdated entry may be on disk, since removing it failed. */
const MOST_OWED = 10_000;

/** What a key is about to become: an entry, or nothing. */
export interface Pending {
  readonly order: number;
  readonly write: Write | undefined;
}

/** A removal of many that is under way: what it selects is not answered any more. */
export interface Hiding {
  readonly order: number;
  /** Entries with an id from this on came later; undefined before the removal has begun. */
  limit: number | undefined;
  readonly matches: (info: EntryInfo) => boolean;
}

/** What was asked of a tier and is not on disk yet, or could not be done: reads see it as if it were. */
export class UnderWay {
  #order = 0;
  readonly #pending = new Map<string, Pending>();
  readonly #hidings = new Set<Hiding>();
  readonly #owed = new Set<string>();

  pending(key: string): Pending | undefined {
    return this.#pending.get(key);
  }

  /** Its entry on disk is outdated, since a write or a removal failed: a miss, until it is gone. */
  isOwed(key: string): boolean {
    return this.#owed.has(key);
  }

  /** Keys that are owed, and that nobody writes or removes now; they may be paid meanwhile. */
  *owed(): Iterable<string> {
    for (const key of this.#owed) if (!this.#pending.has(key)) yield key;
  }

  /** While a key is written, its reads see what it will be. If that fails, it is a miss until it is gone from the disk. */
  async pend<Answer>(key: string, write: Write | undefined, begin: () => Promise<Answer>): Promise<Answer> {
    const pending: Pending = { order: ++this.#order, write };
    this.#pending.set(key, pending);
    try {
      const answer = await begin();
      this.#owed.delete(key);
      return answer;
    } catch (error) {
      if (this.#owed.size < MOST_OWED) this.#owed.add(key);
      throw error;
    } finally {
      if (this.#pending.get(key) === pending) this.#pending.delete(key);
    }
  }

  /** While many are removed, what matches is not answered, unless it was written later. */
  async hide<Answer>(matches: Hiding['matches'], remove: (hiding: Hiding) => Promise<Answer>): Promise<Answer> {
    const hiding: Hiding = { order: ++this.#order, limit: undefined, matches };
    this.#hidings.add(hiding);
    try {
      return await remove(hiding);
    } finally {
      this.#hidings.delete(hiding);
    }
  }

  /** Whether a removal selects what waits to be written, and was called later. */
  hidesPending(order: number, info: EntryInfo): boolean {
    for (const hiding of this.#hidings) if (hiding.order > order && hiding.matches(info)) return true;
    return false;
  }

  /** Whether a removal selects an entry on disk, and was called later than that was written. */
  hides(id: number, infoOf: () => EntryInfo): boolean {
    if (this.#hidings.size === 0) return false;
    const info = infoOf();
    // What is on disk while the removal has not begun was written before it was called.
    for (const { limit, matches } of this.#hidings)
      if ((limit === undefined || id < limit) && matches(info)) return true;
    return false;
  }
}
