/** A text, and when it was said, ms since 1970. */
export interface Said {
  readonly text: string;
  readonly atMs: number;
}

/** Older than whatever is said. */
export const NOTHING_SAID: Said = { text: '', atMs: -Infinity };

/** The one that was said later; of one moment, the text that comes last by its letters. In whatever order, it is the same. */
export function latest(one: Said, other: Said): Said {
  if (one.atMs !== other.atMs) return one.atMs > other.atMs ? one : other;
  return one.text >= other.text ? one : other;
}
