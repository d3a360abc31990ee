import { decodeKey, withoutNamespace, type CacheKey } from '../key/cache-key.js';
import type { EntryInfo } from '../tier/tier.js';

/** What is known of an entry, with its key and tags as they were given. */
export interface OwnInfo<Key extends CacheKey> extends Omit<EntryInfo, 'key'> {
  readonly key: Key;
  /** Since it was written, ms, by the wall clock; 0 where that says less. */
  readonly ageMs: number;
}

/** An entry at `now` (wall clock, ms) as the view sees it whose keys begin with `prefix`; undefined when it is not of this view, but of another namespace. */
export function ownInfo<Key extends CacheKey>(prefix: string, info: EntryInfo, now: number): OwnInfo<Key> | undefined {
  if (!info.key.startsWith(prefix)) return undefined;
  const { namespace, encoded } = withoutNamespace(info.key.slice(prefix.length));
  if (namespace.length > 0) return undefined;
  const { tags } = info;
  return {
    ...info,
    key: decodeKey(encoded) as Key,
    ageMs: Math.max(0, now - info.storedAt),
    ...(tags !== undefined && { tags: tags.map((tag) => String(decodeKey(withoutNamespace(tag).encoded))) }),
  };
}
