import type { EvictionSetting } from '#libs/cache-policies';
import type { Entry, TierLimits } from '../tier/tier.js';

export interface MemoryOptions extends TierLimits {
  /** Default `adaptive`: the policy that suits the accesses best at the time. */
  readonly policy?: EvictionSetting;
  /** Bytes that a value takes, its key left out. Default: an estimate; 0 when there is no limit on bytes. */
  readonly weigher?: (value: unknown, key: string) => number;
  /** Bytes counted for an entry beside its value. Default: the length of its key and what it is measured to cost, `ENTRY_OVERHEAD_BYTES`, and more with tags, a version or times past its ttl. */
  readonly overheadBytes?: number;
  /** Entries that cost more to load stay longer, by up to three more turns before they leave. Default false. */
  readonly costAware?: boolean;
  /** Asked before an entry is kept; what it refuses counts as rejected. */
  readonly admit?: (key: string, bytes: number) => boolean;
}

/** What an entry costs beside its value and the characters of its key, bytes: measured, see docs/performance.md. */
export const ENTRY_OVERHEAD_BYTES = 112;
/** More of an entry that has anything of what few have: a time after its ttl, a version, tags … */
export const EXTRA_BYTES = 112;
/** More for its tags, each of which leads to it, and once for their list. */
export const TAG_BYTES = 60;

/** What is kept of a key here, beside when it was written. */
export interface Kept extends Omit<Entry, 'storedAt'> {
  /** A hit makes it fresh for so long again, ms; 0: it does not. */
  readonly slidingMs?: number;
  /** But never longer than so long after it was written, ms. */
  readonly maxAgeMs?: number;
}

/** An entry as it is at the moment it is looked at. */
export interface KeptEntry extends Entry {
  /** Since it was written, ms, 0 or more. */
  readonly ageMs: number;
}
