import type { Entry, EntryInfo } from './tier.js';

/** What a tier beyond memory tells of an entry: there nothing is pinned, and nobody counts hits. */
export function infoOf(tier: string, key: string, meta: Omit<Entry, 'value'>, bytes: number): EntryInfo {
  const { storedAt, freshMs, staleMs, negative, version, tags } = meta;
  return {
    key,
    tier,
    bytes,
    storedAt,
    freshMs,
    staleMs,
    negative,
    pinned: false,
    ...(version !== undefined && { version }),
    ...(tags !== undefined && { tags }),
  };
}
