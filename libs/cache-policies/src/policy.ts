export const POLICY_NAMES = ['lru', 'sieve', 's3-fifo', 'arc', 'w-tinylfu'] as const;
export type PolicyName = (typeof POLICY_NAMES)[number];

/**
 * Decides which entry leaves when a cache is full. It knows entries by slot and keys by 32 bits of their hash; the cache
 * decides when it is full, in whatever unit, so that a budget may change at any time. Shares of queues are shares of the
 * weight held at that moment, which is the budget whenever something is evicted. Room is made before an entry is added.
 * Entries that are not to leave, as they are pinned, are not told to it. Every operation is O(1), amortized; what single
 * ones may take is said where it is more.
 */
export interface Policy {
  readonly name: PolicyName;
  /** Entries held. */
  readonly count: number;
  /**
   * Whether a hit is nothing but a count in `uses`, up to this number: a cache may then do that itself, without a call.
   * 0 when a hit must be told.
   */
  readonly usesCounted: number;

  /** A new entry. */
  add(slot: number): void;
  /** An entry that another policy held until now: no newcomer. They come coldest first. */
  adopt(slot: number): void;
  /** An entry was read or overwritten. */
  hit(slot: number): void;
  /** The weight of an entry changes; it stays where it is. */
  reweigh(slot: number, weight: number): void;
  /** An entry leaves for another reason than to make room. */
  remove(slot: number): void;
  /** Takes out the entry that is to make room, and remembers what it wants of it. NONE when there is none. */
  evict(): number;
  /** Entries from the one that would leave first to the one that would leave last, about. Not while it changes. */
  order(): Iterable<number>;
  /**
   * Begins with what another one of its kind has learnt: of keys that left, and of its own shares. `allKeys` when that
   * one has seen all accesses; of one that saw those of a sample, only the shares are of use.
   */
  learn?(from: Policy, allKeys: boolean): void;
  /** Forgets every entry, and every key that left. */
  clear(): void;
}
