import { Slots } from '#libs/cache-policies';
import type { SampledHash } from '#libs/contracts';
import type { Kept } from './memory-options.js';
import type { TierTime } from './tier-time.js';

/** What few entries have. */
export interface Extra {
  staleMs: number;
  revalidateMs: number | undefined;
  maxAgeMs: number;
  slidingMs: number;
  negative: boolean;
  pinned: boolean;
  version: string | undefined;
  tags: readonly string[] | undefined;
}

const NO_EXTRA: Extra = {
  staleMs: 0,
  revalidateMs: undefined,
  maxAgeMs: Number.POSITIVE_INFINITY,
  slidingMs: 0,
  negative: false,
  pinned: false,
  version: undefined,
  tags: undefined,
};

/** Whether an entry has something of what few have. */
export function hasExtra({ staleMs, revalidateMs, negative, version, tags, slidingMs = 0 }: Kept): boolean {
  return (
    staleMs > 0 ||
    revalidateMs !== undefined ||
    negative ||
    version !== undefined ||
    tags !== undefined ||
    slidingMs > 0
  );
}

/** Of a fact's bits those that are not the cost's: see `facts`. */
export const GHOST_BITS = 5;
const MOST_COST_US = 2 ** (32 - GHOST_BITS) - 1;

/**
 * Where a memory tier has its entries: a Map from key to slot, and what each entry needs by slot in arrays. It knows no
 * policy, no limit and no clock; times are handed in.
 */
export class EntryTable {
  index = new Map<string, number>();
  /** Shared with the policies. */
  readonly slots = new Slots();
  keys: (string | undefined)[] = [undefined];
  values: unknown[] = [undefined];
  extras: (Extra | undefined)[] = [undefined];
  /** When an entry was written, and until when it is fresh, in the tier's ms. */
  written = new Float64Array(64);
  freshUntil = new Float64Array(64).fill(Number.POSITIVE_INFINITY);
  /**
   * What loading an entry cost: in µs, up to 134 s, in the upper 27 bits. The lower five say whether it was a ghost when it
   * came: the halvings of the ghosts' keys and one, or 0.
   */
  facts = new Uint32Array(64);
  /** The lower half of an entry's hash. The upper one, by which keys are sampled, is in `slots`. */
  low = new Uint32Array(64);
  /** Turns that an entry is still spared: only where cost counts. */
  lives: Uint8Array<ArrayBuffer> | undefined;
  readonly tags = new Map<string, Set<number>>();
  bytes = 0;
  pinned = 0;
  /** Entries that have a time to live. */
  timed = 0;
  /** Some entry was given a sliding time to live. */
  slides = false;

  constructor(
    readonly weighs: boolean,
    costAware: boolean,
  ) {
    if (costAware) this.lives = new Uint8Array(64);
  }

  /** A slot for a key that is not held. `fill` goes on. */
  add(key: string, hash: SampledHash, bytes: number, ghost: number): number {
    const slot = this.slots.take(hash.hi, this.weighs ? Math.max(1, bytes) : 1);
    if (slot >= this.written.length) this.#grow();
    this.index.set(key, slot);
    this.keys[slot] = key;
    this.low[slot] = hash.lo;
    this.facts[slot] = ghost;
    this.bytes += this.bytesOf(slot);
    return slot;
  }

  /** What an entry weighs; 0 where nothing is weighed. */
  bytesOf(slot: number): number {
    return this.weighs ? this.slots.weight[slot]! : 0;
  }

  hashOf(slot: number): SampledHash {
    return { hi: this.slots.hash[slot]!, lo: this.low[slot]! };
  }

  /** What loading an entry took, µs. */
  costUs(slot: number): number {
    return this.facts[slot]! >>> GHOST_BITS;
  }

  /** The same in ms; undefined where it is not known, or took less than half a µs. */
  loadMs(slot: number): number | undefined {
    const us = this.costUs(slot);
    return us === 0 ? undefined : us / 1_000;
  }

  /** What `add` was given. */
  ghostOf(slot: number): number {
    return this.facts[slot]! & (2 ** GHOST_BITS - 1);
  }

  extraOf(slot: number): Extra {
    return (this.extras[slot] ??= { ...NO_EXTRA });
  }

  isPinned(slot: number): boolean {
    return this.extras[slot]?.pinned === true;
  }

  /** Puts what is kept into a slot that is new, or was cleaned. */
  fill(slot: number, entry: Kept, written: number): void {
    this.values[slot] = entry.value;
    this.written[slot] = written;
    this.freshUntil[slot] = written + entry.freshMs;
    if (entry.freshMs !== Number.POSITIVE_INFINITY) this.timed++;
    const { staleMs, revalidateMs, negative, version, tags, loadMs, slidingMs = 0 } = entry;
    if (loadMs !== undefined) this.facts[slot]! |= Math.min(Math.round(loadMs * 1_000), MOST_COST_US) * 2 ** GHOST_BITS;
    if (hasExtra(entry)) {
      const maxAgeMs = entry.maxAgeMs ?? Number.POSITIVE_INFINITY;
      const extra = { staleMs, revalidateMs, negative, version, tags, slidingMs, maxAgeMs };
      Object.assign(this.extraOf(slot), extra);
      if (slidingMs > 0) this.slides = true;
    }
    if (tags !== undefined)
      for (const tag of tags) {
        const tagged = this.tags.get(tag);
        if (tagged === undefined) this.tags.set(tag, new Set([slot]));
        else tagged.add(slot);
      }
  }

  /** Undoes what the last write did beside the value. */
  clean(slot: number): void {
    if (this.freshUntil[slot] !== Number.POSITIVE_INFINITY) this.timed--;
    this.freshUntil[slot] = Number.POSITIVE_INFINITY;
    this.facts[slot] = 0;
    const extra = this.extras[slot];
    if (extra === undefined) return;
    for (const tag of extra.tags ?? []) {
      const tagged = this.tags.get(tag);
      tagged?.delete(slot);
      if (tagged?.size === 0) this.tags.delete(tag);
    }
    if (extra.pinned) this.extras[slot] = { ...NO_EXTRA, pinned: true };
    else this.extras[slot] = undefined;
  }

  /** Lets go of an entry that no policy holds any more. */
  free(slot: number): void {
    this.clean(slot);
    this.index.delete(this.keys[slot]!);
    this.keys[slot] = undefined;
    this.values[slot] = undefined;
    this.extras[slot] = undefined;
    this.bytes -= this.bytesOf(slot);
    if (this.lives !== undefined) this.lives[slot] = 0;
    this.slots.free(slot);
  }

  clear(): void {
    this.index = new Map();
    this.slots.clear();
    this.keys = [undefined];
    this.values = [undefined];
    this.extras = [undefined];
    this.freshUntil.fill(Number.POSITIVE_INFINITY);
    this.lives?.fill(0);
    this.tags.clear();
    this.bytes = this.pinned = this.timed = 0;
  }

  /** Nothing held is fresh longer than so long after it was written, ms. O(entries). */
  capAge(maxAgeMs: number): void {
    for (const slot of this.index.values()) {
      const latest = this.written[slot]! + maxAgeMs;
      if (this.freshUntil[slot]! > latest) {
        if (this.freshUntil[slot] === Number.POSITIVE_INFINITY) this.timed++;
        this.freshUntil[slot] = latest;
      }
      const extra = this.extras[slot];
      if (extra !== undefined) {
        extra.staleMs = Math.max(0, Math.min(extra.staleMs, latest - this.freshUntil[slot]!));
        extra.maxAgeMs = Math.min(extra.maxAgeMs, maxAgeMs);
      }
    }
  }

  /** A hit lengthens a time to live that slides, which is the one case where a hit looks at the clock. */
  slide(slot: number, time: TierTime): void {
    const extra = this.extras[slot];
    if (extra === undefined || extra.slidingMs === 0) return;
    const now = time.exact();
    // What is stale is not made fresh by being answered: its origin is asked.
    if (this.freshUntil[slot]! <= now) return;
    const until = Math.min(now + extra.slidingMs, this.written[slot]! + extra.maxAgeMs);
    if (until > this.freshUntil[slot]!) this.freshUntil[slot] = until;
  }

  /** Past its time to live, and past the time for which it may be answered stale. */
  isOutdated(slot: number, now: number): boolean {
    return this.freshUntil[slot]! + (this.extras[slot]?.staleMs ?? 0) <= now;
  }

  #grow(): void {
    const capacity = this.slots.next.length;
    this.written = copied(this.written, new Float64Array(capacity));
    this.freshUntil = copied(this.freshUntil, new Float64Array(capacity).fill(Number.POSITIVE_INFINITY));
    this.facts = copied(this.facts, new Uint32Array(capacity));
    this.low = copied(this.low, new Uint32Array(capacity));
    if (this.lives !== undefined) this.lives = copied(this.lives, new Uint8Array(capacity));
  }
}

function copied<Numbers extends Uint8Array | Uint32Array | Float64Array>(from: Numbers, to: Numbers): Numbers {
  to.set(from);
  return to;
}
