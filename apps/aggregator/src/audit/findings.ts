/** What a look at one chunk found. */
export interface Finding {
  /** Events that were looked at. */
  readonly checked: number;
  /** Events that should be there and are not. */
  readonly lost: number;
  /** Events that are there and should not be. */
  readonly duplicated: number;
}

export const NOTHING_FOUND: Finding = { checked: 0, lost: 0, duplicated: 0 };

/**
 * The latest finding of each chunk of one scope, and which chunk to look at next. New chunks are looked at first, the
 * rest by rotation, so that what was found in an old chunk stands until that chunk is looked at again.
 */
export class Findings {
  readonly #byChunk = new Map<number, Finding>();
  #rotation = -Infinity;
  /** Rounds over all chunks that have been finished. */
  fullRounds = 0;

  /** Forgets chunks that exist no longer. */
  keep(chunks: readonly number[]): void {
    const existing = new Set(chunks);
    for (const chunk of this.#byChunk.keys()) if (!existing.has(chunk)) this.#byChunk.delete(chunk);
  }

  set(chunk: number, finding: Finding): void {
    this.#byChunk.set(chunk, finding);
  }

  /** The next chunk to look at, of chunks in ascending order: the first that was never looked at, else by rotation. */
  next(chunks: readonly number[]): number | undefined {
    const fresh = chunks.find((chunk) => !this.#byChunk.has(chunk));
    if (fresh !== undefined) return fresh;
    const following = chunks.find((chunk) => chunk > this.#rotation);
    if (following === undefined) {
      this.#rotation = -Infinity;
      return chunks[0] === undefined ? undefined : this.next(chunks);
    }
    this.#rotation = following;
    if (following === chunks.at(-1)) this.fullRounds++;
    return following;
  }

  get total(): Finding {
    let total = NOTHING_FOUND;
    for (const { checked, lost, duplicated } of this.#byChunk.values())
      total = { checked: total.checked + checked, lost: total.lost + lost, duplicated: total.duplicated + duplicated };
    return total;
  }
}

/** What two looks at one chunk agree on: a difference that was gone at the second look was work in progress. */
export function confirmed(first: Finding, second: Finding): Finding {
  return {
    checked: second.checked,
    lost: Math.min(first.lost, second.lost),
    duplicated: Math.min(first.duplicated, second.duplicated),
  };
}
