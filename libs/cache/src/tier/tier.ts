import type { Clock } from '#libs/time';
import type { RemovalCause, TierRecorder } from '#libs/contracts';
import type { OptionProblem } from '../errors.js';

/** What is kept of one key. Times are of the wall clock, so that another process can tell what they mean. */
export interface Entry<Value = unknown> {
  /** Undefined when the absence of a value is what is remembered. */
  readonly value: Value | undefined;
  /** The origin was asked, and had nothing: kept for a while, so that it is not asked again. */
  readonly negative: boolean;
  /** When it was written, ms since 1970. */
  readonly storedAt: number;
  /** Fresh so long from then, ms; Infinity for ever. */
  readonly freshMs: number;
  /** Kept so much longer, ms, to be answered while it is refreshed, or when its origin fails. */
  readonly staleMs: number;
  /** Of these, ms for which it is answered at once while one load refreshes it. Left out: what the cache says. */
  readonly revalidateMs?: number;
  /** What its origin calls this state of it: a version, an ETag, a hash. */
  readonly version?: string;
  readonly tags?: readonly string[];
  /** What loading it took, ms. */
  readonly loadMs?: number;
}

/** Where limits are changed, by `resize`, `Infinity` takes one away; a tier is made without by leaving it out. */
export interface TierLimits {
  readonly maxBytes?: number;
  readonly maxEntries?: number;
}

/** The limits after a change: what it leaves out stays, and there is none where it says `Infinity`. */
export function changedLimits(limits: TierLimits, change: TierLimits): TierLimits {
  const changed = Object.entries(change).filter(([, limit]) => limit !== undefined);
  const all = Object.entries({ ...limits, ...Object.fromEntries(changed) });
  return Object.fromEntries(all.filter(([, limit]) => limit !== undefined && limit !== Number.POSITIVE_INFINITY));
}

/** What a tier holds, and may hold. A tier that cannot tell leaves it out. */
export interface TierUsage extends TierLimits {
  readonly entries?: number;
  readonly bytes?: number;
}

/** How many entries and bytes an operation touched, or would touch. A tier that cannot tell bytes leaves them out. */
export interface Touched {
  readonly entries: number;
  readonly bytes?: number;
}

/** Which entries an operation is for. A prefix is of the encoded key: `keyPrefix` makes one. */
export type Selection =
  | { readonly key: string }
  | { readonly tag: string }
  | { readonly prefix: string }
  | { readonly where: (key: string, entry: EntryInfo) => boolean }
  | { readonly all: true };

/** All that is known of an entry but its value. */
export interface EntryInfo {
  readonly key: string;
  readonly tier: string;
  readonly bytes: number;
  readonly storedAt: number;
  readonly freshMs: number;
  readonly staleMs: number;
  readonly negative: boolean;
  readonly pinned: boolean;
  readonly version?: string;
  readonly tags?: readonly string[];
}

/** What a tier knows of one entry that nobody else does. */
export interface Stay {
  /** What is counted for it against the limit; left out by a tier that counts none. */
  readonly bytes?: number;
  /** Uses since it was written, or since it was last looked at for eviction: a count that saturates. */
  readonly uses?: number;
  /** Where that count stops: so many uses are so many or more. Left out where it is not known. */
  readonly usesCountedTo?: number;
  /** Since it was last used, ms, as far as the tier knows. */
  readonly idleMs?: number;
  readonly pinned?: boolean;
  /** Why it has not been evicted, in words that go on after "; ". */
  readonly because: string;
}

/** What is wrong with one entry, as `verify` finds it. */
export interface TierProblem {
  readonly tier: string;
  readonly key?: string;
  readonly problem: 'corrupt' | 'older-format' | 'invalid-value' | 'expired' | 'miscounted' | 'orphan';
  readonly message: string;
}

export interface TierContext {
  /** Name of the cache. */
  readonly cache: string;
  readonly clock: Clock;
  /** Yields [0, 1). */
  readonly random: () => number;
  /** Counts what only the tier sees: what it evicts, expires, rejects by itself. */
  readonly recorder: TierRecorder;
  /** Told of faults that the tier survives: an error on disk, a server away. It never throws. */
  readonly onProblem: (problem: Error) => void;
}

/**
 * One layer of a cache: a place where entries are kept. The cache asks its tiers in order, fills those above the one that
 * had the entry, and counts requests and writes; a tier counts what leaves it, under its cause: what it evicts, expires,
 * rejects and overwrites by itself, and what it removes on request. It tells what each write that it kept takes, if it
 * knows, and how old what it evicts is, if it sees that.
 *
 * Keys are encoded (`encodeKey`). A tier never answers a wrong or half-written entry: what it cannot read is a miss. It
 * may answer an entry that is past its time: freshness is the cache's to judge. Reads and writes of one key are in the
 * order they were called. A tier that is away rejects with `TierUnavailableError`; the cache goes on without it.
 */
export interface Tier {
  /** `memory`, `disk`, `redis`: the tier in events and metrics. */
  readonly name: string;
  /** Other processes see what is written here. */
  readonly shared: boolean;

  /** What is wrong with its options: asked first, so that all that is wrong with a cache comes in one error. */
  problems?(): readonly OptionProblem[];
  /** Called once, before anything else. @throws with a message that says what to do. */
  open(context: TierContext): Promise<void>;
  get(key: string): Promise<Entry | undefined>;
  /** One answer for each key, in their order. */
  getMany(keys: readonly string[]): Promise<(Entry | undefined)[]>;
  /**
   * Says whether it was kept: what is larger than the tier is not, and an older entry of the key is gone too.
   * @throws TypeError when the tier has to write the value down and cannot; an older entry of the key is gone all the same.
   */
  set(key: string, entry: Entry): Promise<boolean>;
  /** Removes what is selected of what was set before; with `dryRun` only says what it would. Rejects when `where` throws. */
  remove(selection: Selection, options: { readonly cause: RemovalCause; readonly dryRun?: boolean }): Promise<Touched>;
  /** Entries in no promised order, hottest first where the tier knows; each as it is when it is reached. */
  entries(): AsyncIterable<EntryInfo>;
  usage(): TierUsage;
  /** Takes effect at once for what comes; what is over the new limits leaves in bounded steps. */
  resize(limits: TierLimits): Promise<void>;
  /** Walks everything and says what is wrong; with `repair` also removes it. */
  verify(options: { readonly repair: boolean }): AsyncIterable<TierProblem>;
  /** Waits for what is under way, and lets go of everything. May be called again. */
  close(): Promise<void>;

  /** Like `get`, for whoever only looks: no use of the entry. Left out by a tier whose reads leave no trace. */
  peek?(key: string): Promise<Entry | undefined>;
  /** What keeps an entry here; undefined when it is not held. Nothing is counted, and nothing moves. */
  explain?(key: string): Promise<Stay | undefined>;
  /**
   * Asked when the key was just missed: how many misses like it a tier of twice the size would have answered, as far as it
   * knows what it evicted. 0 for none; more than 1 where it looks at some of the keys, each of which stands for others.
   * Left out by a tier that does not see what leaves it.
   */
  ghostHits?(key: string): number;
  /**
   * Shared tiers: lets one process at a time load a key. Resolves with the lock, or undefined when another one has it. It
   * ends by itself after `ttlMs` unless it is renewed, so that a process that dies holds up nobody for long.
   */
  lock?(key: string, ttlMs: number): Promise<TierLock | undefined>;
  /** Shared tiers: calls back with what other processes removed or overwrote, so that tiers above can drop it. */
  onRemoved?(listener: (selection: Selection) => void): void;
}

/** A lock on a key, of whoever took it. */
export interface TierLock {
  /** Has it end `ttlMs` from now at the earliest. False when it has ended, or may have: another one can have the key. */
  renew(ttlMs: number): Promise<boolean>;
  /** Ends it. Harmless when it has ended: a later lock of the key stays. */
  end(): Promise<void>;
}

/** A tier that cannot be reached now: the cache counts an error, and goes on as if it were not there. */
export class TierUnavailableError extends Error {
  override readonly name = 'TierUnavailableError';
}
