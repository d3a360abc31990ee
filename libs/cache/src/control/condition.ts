import type { EntryCondition } from '#libs/contracts';
import type { EntryInfo } from '../tier/tier.js';

/**
 * A condition of data as a predicate: all of it must hold. A size that the tier does not know is larger than none.
 */
export function conditionOf(
  { olderThanMs, largerThanBytes, negative }: EntryCondition,
  now: number,
): (key: string, entry: EntryInfo) => boolean {
  return (_, entry) =>
    (olderThanMs === undefined || now - entry.storedAt > olderThanMs) &&
    (largerThanBytes === undefined || entry.bytes > largerThanBytes) &&
    (negative === undefined || entry.negative === negative);
}
