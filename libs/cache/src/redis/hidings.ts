import type { EntryInfo } from '../tier/tier.js';

/** A removal of many that is under way: what it selects is not answered any more, unless it was written later. */
interface Hiding {
  readonly matches: (info: EntryInfo) => boolean;
  readonly writtenLater: Set<string>;
}

/** The removals of many that are under way. */
export class Hidings {
  readonly #hidings = new Set<Hiding>();

  async hide<Answer>(matches: Hiding['matches'], remove: () => Promise<Answer>): Promise<Answer> {
    const hiding: Hiding = { matches, writtenLater: new Set() };
    this.#hidings.add(hiding);
    try {
      return await remove();
    } finally {
      this.#hidings.delete(hiding);
    }
  }

  /** A write of the key is being sent. */
  written(key: string): void {
    for (const { writtenLater } of this.#hidings) writtenLater.add(key);
  }

  /** As they are now, for a read that is being sent: what hides a key that its answer holds. */
  now(): (key: string) => readonly Hiding['matches'][] {
    const hidings = [...this.#hidings].map(({ matches, writtenLater }) => ({
      matches,
      writtenLater: new Set(writtenLater),
    }));
    return (key) => hidings.filter(({ writtenLater }) => !writtenLater.has(key)).map(({ matches }) => matches);
  }
}
