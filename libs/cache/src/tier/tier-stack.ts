import { NONE } from '#libs/cache-policies';
import type { CountingRecorder, RemovalCause, RequestResult } from '#libs/contracts';
import type { Clock } from '#libs/time';
import { ageOf, stateOf, type LifetimeMs } from '../load/lifetime.js';
import type { Watch } from '../load/watch.js';
import type { Kept, KeptEntry } from '../memory/memory-options.js';
import { MemoryTier } from '../memory/memory-tier.js';
import { asError, AWAY, FarTier } from './far-tier.js';
import { entryOf, type Found, type Lookup, type TouchedTier } from './found.js';
import type { Entry, Selection, Tier, TierContext, Touched } from './tier.js';

export interface StackOptions {
  readonly cache: string;
  readonly tiers: readonly Tier[];
  readonly recorders: readonly CountingRecorder[];
  readonly clock: Clock;
  readonly random: () => number;
  readonly onProblem: (problem: Error) => void;
  /** How long entries live, as the cache says now. */
  readonly lifetime: () => LifetimeMs;
  /** Gives the value that came back from outside the process as the schema wants it, or throws. */
  readonly validate: (value: unknown) => unknown;
  /** Told of a value from outside that the schema refuses. */
  readonly onInvalid: (problem: Error) => void;
  /** Told of each entry that memory was given. */
  readonly onKept?: (key: string) => void;
  /** Told of each key that is written, and of its value. */
  readonly onWritten: (key: string, value: unknown) => void;
}

/** The tiers of a cache, read from the nearest on and written all at once. */
export class TierStack {
  readonly memory: MemoryTier | undefined;
  readonly far: readonly FarTier[];
  /** Resolves when each tier is open, or cannot be; it never rejects. */
  opened: Promise<unknown> = Promise.resolve();
  readonly #memoryRecorder: CountingRecorder | undefined;
  readonly #options: StackOptions;
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(options: StackOptions) {
    this.#options = options;
    const { tiers, recorders } = options;
    const hasMemory = tiers[0] instanceof MemoryTier;
    this.memory = hasMemory ? (tiers[0] as MemoryTier) : undefined;
    this.#memoryRecorder = hasMemory ? recorders[0] : undefined;
    this.far = tiers
      .map((tier, i) => new FarTier(tier, { ...options, recorder: recorders[i]! }))
      .slice(hasMemory ? 1 : 0);
  }

  /** Opens the memory at once and begins to open the others; resolves when all are open. */
  open(): Promise<unknown> {
    const { cache, clock, random, onProblem } = this.#options;
    const context: Omit<TierContext, 'recorder'> = { cache, clock, random, onProblem };
    if (this.memory !== undefined) this.memory.attach({ ...context, recorder: this.#memoryRecorder! });
    const opening = this.far.map((far) => far.open({ ...context, recorder: far.recorder }));
    this.opened = Promise.allSettled(opening);
    const all = Promise.all(opening);
    all.catch(() => undefined);
    return all;
  }

  /** Recorders from the nearest tier on. */
  get recorders(): readonly CountingRecorder[] {
    return this.#options.recorders;
  }

  /** Has what other processes remove from a shared tier, or overwrite there, leave the nearer ones, too. */
  onRemoved(listener: (selection: Selection) => void): void {
    for (const [i, far] of this.far.entries())
      far.tier.onRemoved?.((selection) => {
        listener(selection);
        this.track(this.memory?.remove(selection, { cause: 'invalidated' }));
        for (const nearer of this.far.slice(0, i)) this.track(nearer.remove(selection, { cause: 'invalidated' }));
      });
  }

  /** What memory holds of a key, unless its time is over. Counts nothing. */
  held(key: string): Found | undefined {
    const slot = this.memory?.find(key) ?? NONE;
    return slot === NONE ? undefined : this.#judged(this.memory!.entryAt(slot), 'memory');
  }

  /** Counts a get in the tier that is asked first, which may have `found` something; memory knows its ghosts itself. */
  count(result: RequestResult, key: string, found?: Found, ghostHits = 0): void {
    const { memory } = this;
    if (memory === undefined) {
      this.far[0]?.count(result, key, found, ghostHits);
      return;
    }
    const slot = memory.find(key);
    if (slot !== NONE && result !== 'error') memory.count(result, slot);
    else memory.countMissed(result, key);
  }

  /** Asks the tiers beyond memory, and fills those nearer than the one that had the entry. */
  async lookup(key: string, watch: Watch): Promise<Lookup> {
    const [found] = await this.lookupMany([key], [watch]);
    return found!;
  }

  /** The same for many keys, with one question to each tier. */
  async lookupMany(keys: readonly string[], watches: readonly Watch[]): Promise<Lookup[]> {
    const lookups = keys.map((): { first: RequestResult; ghostHits: number; found: Found | undefined } => ({
      first: 'miss',
      ghostHits: 0,
      found: undefined,
    }));
    let missing = keys.map((_, i) => i);
    for (const [depth, far] of this.far.entries()) {
      if (missing.length === 0) break;
      const asked = missing.map((i) => keys[i]!);
      const entries: readonly (Entry | undefined | typeof AWAY)[] =
        asked.length === 1 ? [await far.get(asked[0]!)] : await far.getMany(asked);
      // Before anything else is waited for, in which the keys may be written.
      const ghostHits = asked.map((key, at) => (entries[at] === undefined ? (far.tier.ghostHits?.(key) ?? 0) : 0));
      const still: number[] = [];
      for (const [at, i] of missing.entries()) {
        const read = await this.#read(far, keys[i]!, entries[at], watches[i]!);
        if (depth > 0 || this.memory !== undefined) far.count(read.result, keys[i]!, read.found, ghostHits[at]);
        else Object.assign(lookups[i]!, { first: read.result, ghostHits: ghostHits[at]! });
        const { found } = read;
        if (found !== undefined && found.state !== 'grace') {
          lookups[i]!.found = found;
          if (watches[i]!.mayKeep(found.tags)) this.#fill(keys[i]!, found, depth);
        } else {
          lookups[i]!.found ??= found;
          still.push(i);
        }
      }
      missing = still;
    }
    return lookups;
  }

  /** What one tier has of a key, unless its time is over. Counts nothing, and fills no tier. */
  async peek(far: FarTier, key: string): Promise<Found | undefined> {
    const entry = await far.call(() => far.tier.get(key));
    if (entry === AWAY || entry === undefined) return undefined;
    return this.#judged({ ...entry, ageMs: this.#ageOf(entry) }, far.name);
  }

  /** Writes to all tiers: to memory at once. Whether one of them kept it: no promise where there is memory alone. */
  write(key: string, kept: Kept): boolean | Promise<boolean> {
    const inMemory = this.#putInMemory(key, kept, 0);
    this.#options.onWritten(key, kept.value);
    if (this.far.length === 0) return inMemory;
    const entry = entryOf(kept, this.#options.clock.now());
    return this.track(this.#writeFar(this.far, key, entry)).then((kept) => kept || inMemory);
  }

  /** Puts an entry back, as old as it is: whether a tier kept it; undefined when its time is over. */
  async restore(key: string, entry: Entry): Promise<boolean | undefined> {
    const found = this.#judged({ ...entry, ageMs: this.#ageOf(entry) }, '');
    if (found === undefined) return undefined;
    const inMemory = this.#putInMemory(key, this.#sliding(found), found.ageMs);
    return (await this.track(this.#writeFar(this.far, key, entryOf(entry, entry.storedAt)))) || inMemory;
  }

  /** Removes from all tiers, or from one, from memory at once where it is for one key, a tag, or all. */
  async remove(
    selection: Selection,
    options: { readonly cause: RemovalCause; readonly dryRun?: boolean },
    only?: string,
  ): Promise<TouchedTier[]> {
    const isMeant = ({ name }: { readonly name: string }) => only === undefined || name === only;
    const asked: { readonly name: string; readonly touched: Promise<Touched> }[] = [];
    if (this.memory !== undefined && isMeant(this.memory))
      asked.push({ name: this.memory.name, touched: this.memory.remove(selection, options) });
    for (const far of this.far.filter(isMeant)) asked.push({ name: far.name, touched: far.remove(selection, options) });
    return this.track(Promise.all(asked.map(async ({ name, touched }) => ({ tier: name, ...(await touched) }))));
  }

  /** Waits for what is being written, and closes every tier; the first failure is thrown when all were tried. */
  async close(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
    const closed = await Promise.allSettled([this.memory?.close(), ...this.far.map((far) => far.close())]);
    for (const one of closed) if (one.status === 'rejected') throw asError(one.reason);
  }

  /** Remembers what is under way until it is over; a failure that nobody else sees is told of. */
  track<Result>(promise: Promise<Result>): Promise<Result>;
  track<Result>(promise: Promise<Result> | undefined): Promise<Result> | undefined;
  track<Result>(promise: Promise<Result> | undefined): Promise<Result> | undefined {
    if (promise === undefined) return undefined;
    this.#underWay.add(promise);
    const over = () => void this.#underWay.delete(promise);
    promise.then(over, over);
    return promise;
  }

  /** What an entry from outside may be used for: nothing that the schema refuses, which leaves its tier. */
  async #read(
    far: FarTier,
    key: string,
    entry: Entry | undefined | typeof AWAY,
    watch: Watch,
  ): Promise<{ readonly result: RequestResult; readonly found: Found | undefined }> {
    if (entry === AWAY) return { result: 'error', found: undefined };
    if (entry === undefined) return { result: 'miss', found: undefined };
    const found = this.#judged({ ...entry, ageMs: this.#ageOf(entry) }, far.name);
    if (found === undefined) return { result: 'miss', found };
    if (found.negative) return { result: found.state === 'fresh' ? 'negative' : 'miss', found };
    try {
      const value = await this.#options.validate(entry.value);
      return { result: RESULT_OF[found.state], found: { ...found, value } };
    } catch (problem) {
      this.#options.onInvalid(asError(problem));
      // What was written while the schema looked at this one is another entry.
      if (!watch.touched) await this.track(far.remove({ key }, { cause: 'invalidated' }));
      return { result: 'miss', found: undefined };
    }
  }

  #ageOf(entry: Entry): number {
    return ageOf(entry, this.#options.clock.now(), this.#options.lifetime());
  }

  #judged(entry: KeptEntry, tier: string): Found | undefined {
    const state = stateOf(entry, entry.ageMs, this.#options.lifetime());
    return state === 'over' ? undefined : { ...entry, tier, state };
  }

  /** Only memory slides: what comes from elsewhere does from then on. */
  #sliding(found: Found): Kept {
    const { sliding, maxAgeMs } = this.#options.lifetime();
    const slides = sliding && !found.negative && found.freshMs !== Number.POSITIVE_INFINITY;
    return { ...found, ...(slides && { slidingMs: found.freshMs }), maxAgeMs };
  }

  /** A fault in it, such as a weigher that throws, costs nobody what a farther tier had. */
  #fill(key: string, found: Found, depth: number): void {
    try {
      this.#putInMemory(key, this.#sliding(found), found.ageMs);
    } catch (problem) {
      this.#options.onProblem(asError(problem));
    }
    if (depth > 0) this.#neglect(this.#writeFar(this.far.slice(0, depth), key, entryOf(found, found.storedAt)));
  }

  #putInMemory(key: string, kept: Kept, ageMs: number): boolean {
    const { memory } = this;
    if (memory?.put(key, kept, ageMs) !== true) return false;
    memory.countWritten(key);
    this.#options.onKept?.(key);
    return true;
  }

  async #writeFar(tiers: readonly FarTier[], key: string, entry: Entry): Promise<boolean> {
    const kept = await Promise.all(tiers.map((far) => far.set(key, entry)));
    return kept.includes(true);
  }

  /** For what nobody waits for. */
  #neglect(promise: Promise<unknown>): void {
    this.track(promise).catch((problem: unknown) => this.#options.onProblem(asError(problem)));
  }
}

const RESULT_OF = { fresh: 'hit', stale: 'stale', grace: 'miss' } as const satisfies Record<
  Found['state'],
  RequestResult
>;
