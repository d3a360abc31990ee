import type { RequestResult } from '#libs/contracts';
import type { EntryState } from '../load/lifetime.js';
import type { Kept, KeptEntry } from '../memory/memory-options.js';
import type { Entry, Touched } from './tier.js';

/** An entry that a tier had, and what may be done with it. */
export interface Found extends KeptEntry {
  readonly tier: string;
  readonly state: Exclude<EntryState, 'over'>;
}

/** What a read of the tiers beyond memory came to. */
export interface Lookup {
  /** What the first tier that was asked answered. */
  readonly first: RequestResult;
  /** When that was a miss: see `Tier.ghostHits`. */
  readonly ghostHits: number;
  /** The nearest entry that may be answered, or else one that may be if the origin fails. */
  readonly found: Found | undefined;
}

export interface TouchedTier extends Touched {
  readonly tier: string;
}

/** What the tiers beyond memory keep: nothing that is memory's alone. */
export function entryOf(kept: Kept, storedAt: number): Entry {
  const { value, negative, freshMs, staleMs, revalidateMs, version, tags, loadMs } = kept;
  return {
    value,
    negative,
    storedAt,
    freshMs,
    staleMs,
    ...(revalidateMs !== undefined && { revalidateMs }),
    ...(version !== undefined && { version }),
    ...(tags !== undefined && { tags }),
    ...(loadMs !== undefined && { loadMs }),
  };
}
