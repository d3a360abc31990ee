import type { RequestResult } from '#libs/contracts';
import type { CacheCore } from '../core.js';
import { BatchLoadError, NoLoaderError } from '../errors.js';
import type { CacheKey } from '../key/cache-key.js';
import type { BatchLoader, CacheOptions, Loader, LoadOptions } from '../options.js';
import { asError } from '../tier/far-tier.js';
import type { Found, Lookup } from '../tier/found.js';
import type { Flight } from './flight.js';
import { requireFunction } from '../validate/arguments.js';
import { checkLoadOptions } from '../validate/call-options.js';
import { isEarly } from './lifetime.js';
import type { Origin } from './loading.js';

/** What a view of a cache loads with when a call brings no loader. */
export type Loaders<Key, Value> = Pick<CacheOptions<Key & CacheKey, Value>, 'loader' | 'batchLoader' | 'revalidate'>;

/** What came of warming: keys held already, brought in, and not. */
export interface Warmed {
  readonly held: number;
  readonly loaded: number;
  readonly failed: number;
}

const NO_OPTIONS: LoadOptions = {};

/** Gets of a cache: what memory does not answer at once. Each get counts once in the tier that is asked first. */
export class Reads<Key extends CacheKey, Value> {
  /** Reads of the tiers beyond memory that are under way, to be shared: without memory each get is one of its own. */
  readonly #lookups = new Map<string, { readonly lookup: Promise<Lookup>; readonly isCurrent: () => boolean }>();

  constructor(
    private readonly core: CacheCore<Key, Value>,
    /** What the keys and tags of the view begin with. */
    private readonly prefix: string,
    private readonly loaders: Loaders<Key, Value>,
  ) {}

  /** A value that is fresh, or stale and may be answered while it is refreshed. */
  async get(encoded: string, key: Key): Promise<Value | undefined> {
    const { core } = this;
    core.assertOpen();
    if (core.paused) {
      core.counts.bypassed++;
      return undefined;
    }
    const held = core.stack.held(encoded);
    if (held !== undefined && held.state !== 'grace')
      return this.#answerHeld(encoded, key, held, undefined, NO_OPTIONS);
    if (core.stack.memory !== undefined) core.stack.count('miss', encoded);
    const { first, found, ghostHits } = await this.#lookUp(encoded);
    if (core.stack.memory === undefined) core.stack.count(first, encoded, found, ghostHits);
    if (found === undefined || found.state === 'grace') return undefined;
    if (found.state === 'stale') this.#refresh(encoded, key, found, undefined, NO_OPTIONS);
    return found.value as Value;
  }

  /** Whether `get` would answer a value. Counts nothing, and fills no tier. */
  async has(encoded: string): Promise<boolean> {
    const { core } = this;
    core.assertOpen();
    if (core.paused) return false;
    const held = core.stack.held(encoded);
    if (held !== undefined && held.state !== 'grace') return !held.negative;
    for (const far of core.stack.far) {
      const found = await core.stack.peek(far, encoded);
      if (found !== undefined && found.state !== 'grace') return !found.negative;
    }
    return false;
  }

  /** At once where it is held. */
  getOrLoad(
    encoded: string,
    key: Key,
    loader: Loader<Key, Value> | undefined,
    options: LoadOptions,
  ): Value | undefined | Promise<Value | undefined> {
    const { core } = this;
    core.assertOpen();
    checkLoadOptions(options);
    options.signal?.throwIfAborted();
    const held = core.paused ? undefined : core.stack.held(encoded);
    if (held !== undefined && held.state !== 'grace' && options.refresh !== true)
      return this.#answerHeld(encoded, key, held, loader, options);
    const origin = this.#originOf(loader);
    if (origin === undefined) throw new NoLoaderError(core.name);
    const flight = this.#join(encoded, options) ?? this.#start([{ key, encoded, held }], origin, options)[0]!;
    return this.#landed(flight, options, (found) => this.#refresh(encoded, key, found, loader, options));
  }

  /** Loads whatever is held. Says whether the origin had something else. */
  async revalidate(
    encoded: string,
    key: Key,
    loader: Loader<Key, Value> | undefined,
    options: LoadOptions,
  ): Promise<{ readonly value: Value | undefined; readonly changed: boolean }> {
    const { core } = this;
    core.assertOpen();
    checkLoadOptions(options);
    const origin = this.#originOf(loader);
    if (origin === undefined) throw new NoLoaderError(core.name);
    const held = core.paused ? undefined : core.stack.held(encoded);
    const asked = { ...options, refresh: true };
    const flight = this.#join(encoded, asked) ?? this.#start([{ key, encoded, held }], origin, asked)[0]!;
    const { value, how, older } = await core.loads.wait(flight, asked);
    return { value, changed: how !== 'unchanged' && older !== true };
  }

  /** One value for each key, in order. @throws BatchLoadError when some could not be loaded */
  async getMany(
    wanted: readonly { readonly key: Key; readonly encoded: string }[],
    batchLoader: BatchLoader<Key, Value> | undefined,
    options: LoadOptions,
  ): Promise<(Value | undefined)[]> {
    const { core } = this;
    core.assertOpen();
    checkLoadOptions(options);
    options.signal?.throwIfAborted();
    const answers = new Map<string, Promise<Value | undefined> | Value | undefined>();
    const missing: { readonly key: Key; readonly encoded: string; readonly held: Found | undefined }[] = [];
    const stale: { readonly key: Key; readonly encoded: string; readonly held: Found }[] = [];
    for (const { key, encoded } of wanted) {
      if (answers.has(encoded)) continue;
      const held = core.paused ? undefined : core.stack.held(encoded);
      if (held !== undefined && held.state !== 'grace' && options.refresh !== true) {
        answers.set(encoded, this.#countHeld(encoded, held));
        if (held.state === 'stale') stale.push({ key, encoded, held });
      } else {
        answers.set(encoded, undefined);
        missing.push({ key, encoded, held });
      }
    }
    const batch = batchOrigin(batchLoader ?? this.loaders.batchLoader);
    const origin = batch ?? this.#originOf(undefined);
    if (origin === undefined) await this.#lookUpMany(missing, answers);
    else {
      const flights = this.#takeOff(missing, origin, batch !== undefined, options);
      for (const one of missing)
        answers.set(
          one.encoded,
          this.#landed(flights.get(one.encoded)!, options, (held) => void stale.push({ ...one, held })),
        );
      await Promise.allSettled(answers.values());
      const toRefresh = stale.filter(({ encoded }) => core.loads.joinable(encoded) === undefined);
      if (toRefresh.length > 0 && batch !== undefined) this.#startInBackground(toRefresh, origin, options);
      else for (const one of toRefresh) this.#startInBackground([one], origin, options);
    }
    return this.#collect(wanted, answers);
  }

  /**
   * Brings keys in that are not held fresh: from farther tiers, or loaded. No get is counted. Without a loader only what
   * the farther tiers have comes.
   */
  async bring(
    wanted: readonly { readonly key: Key; readonly encoded: string }[],
    batchLoader: BatchLoader<Key, Value> | undefined,
    options: LoadOptions,
  ): Promise<Warmed> {
    const { core } = this;
    core.assertOpen();
    const missing = wanted
      .map((one) => ({ ...one, held: core.stack.held(one.encoded) }))
      .filter(({ held }) => held?.state !== 'fresh');
    const held = wanted.length - missing.length;
    const batch = batchOrigin(batchLoader ?? this.loaders.batchLoader);
    const origin = batch ?? this.#originOf(undefined);
    if (origin === undefined) {
      const lookups = await this.#watched(missing);
      const loaded = lookups.filter(({ found }) => found !== undefined && found.state !== 'grace').length;
      return { held, loaded, failed: missing.length - loaded };
    }
    const flights = this.#takeOff(missing, origin, batch !== undefined, options);
    const landed = await Promise.allSettled([...flights.values()].map((flight) => core.loads.wait(flight, options)));
    const failed = landed.filter((one) => one.status === 'rejected' || one.value.older === true).length;
    return { held, loaded: landed.length - failed, failed };
  }

  // ---- answers ----

  #answerHeld(
    encoded: string,
    key: Key,
    held: Found,
    loader: Loader<Key, Value> | undefined,
    options: LoadOptions,
  ): Value | undefined {
    const value = this.#countHeld(encoded, held);
    if (held.state === 'stale' || this.#isEarly(held)) this.#refresh(encoded, key, held, loader, options);
    return value;
  }

  #countHeld(encoded: string, held: Found): Value | undefined {
    const { stack } = this.core;
    stack.count(held.state === 'stale' ? 'stale' : held.negative ? 'negative' : 'hit', encoded);
    stack.memory?.touch(stack.memory.find(encoded));
    return held.value as Value | undefined;
  }

  #isEarly({ freshMs, ageMs, loadMs = 0 }: Found): boolean {
    const { loading, random } = this.core;
    return loading.earlyRefresh > 0 && isEarly(freshMs - ageMs, loadMs, loading.earlyRefresh, random);
  }

  /** Waits for a flight, and counts the get; `onStale` is told of what a tier had that is to be refreshed. */
  #landed(
    flight: Flight<Key, Value>,
    options: LoadOptions,
    onStale: (found: Found) => void,
  ): Promise<Value | undefined> {
    return this.core.loads.wait(flight, options).then(
      ({ value, how, found, older }) => {
        this.#countLanded(flight, older === true ? 'stale' : undefined, found);
        if (how === 'kept' && found?.state === 'stale') onStale(found);
        return value;
      },
      (error: unknown) => {
        this.#countLanded(flight, undefined);
        throw error;
      },
    );
  }

  #countLanded(flight: Flight<Key, Value>, result: RequestResult | undefined, found?: Found): void {
    const { core } = this;
    if (core.paused) core.counts.bypassed++;
    else
      core.stack.count(
        result ?? (core.stack.memory === undefined ? flight.first : undefined) ?? 'miss',
        flight.encoded,
        found,
        flight.ghostHits,
      );
  }

  async #collect(
    wanted: readonly { readonly key: Key; readonly encoded: string }[],
    answers: ReadonlyMap<string, Promise<Value | undefined> | Value | undefined>,
  ): Promise<(Value | undefined)[]> {
    const settled = await Promise.allSettled(wanted.map(({ encoded }) => answers.get(encoded)));
    const values = settled.map((one) => (one.status === 'fulfilled' ? one.value : undefined));
    const failures = settled.flatMap((one, i) =>
      one.status === 'rejected' ? [{ key: wanted[i]!.key, error: one.reason as unknown }] : [],
    );
    if (failures.length > 0) throw new BatchLoadError(this.core.name, values, failures);
    return values;
  }

  // ---- flights ----

  #join(encoded: string, options: LoadOptions): Flight<Key, Value> | undefined {
    const flight = this.core.loads.joinable(encoded);
    if (flight === undefined) return undefined;
    if (options.refresh === true) flight.forced = true;
    this.core.counts.joined++;
    return flight;
  }

  #start(
    wanted: readonly { readonly key: Key; readonly encoded: string; readonly held: Found | undefined }[],
    origin: Origin<Key, Value>,
    options: LoadOptions,
  ): Flight<Key, Value>[] {
    return this.core.loads.start(wanted, origin, options, { prefix: this.prefix, forced: options.refresh === true });
  }

  /** A flight for each key: those under way are joined, the others begun, `atOnce` or each by itself. */
  #takeOff(
    missing: readonly { readonly key: Key; readonly encoded: string; readonly held: Found | undefined }[],
    origin: Origin<Key, Value>,
    atOnce: boolean,
    options: LoadOptions,
  ): Map<string, Flight<Key, Value>> {
    const flights = new Map<string, Flight<Key, Value>>();
    const toStart: (typeof missing)[number][] = [];
    for (const one of missing) {
      const flight = this.#join(one.encoded, options);
      if (flight === undefined) toStart.push(one);
      else flights.set(one.encoded, flight);
    }
    const batches = atOnce ? [toStart] : toStart.map((one) => [one]);
    for (const batch of batches)
      if (batch.length > 0)
        for (const flight of this.#start(batch, origin, options)) flights.set(flight.encoded, flight);
    return flights;
  }

  /** One load in the background, unless there is one already, or nothing to load with. */
  #refresh(encoded: string, key: Key, held: Found, loader: Loader<Key, Value> | undefined, options: LoadOptions): void {
    const origin = this.#originOf(loader);
    if (origin === undefined || this.core.loads.joinable(encoded) !== undefined) return;
    this.#startInBackground([{ key, encoded, held }], origin, options);
  }

  #startInBackground(
    wanted: readonly { readonly key: Key; readonly encoded: string; readonly held: Found }[],
    origin: Origin<Key, Value>,
    options: LoadOptions,
  ): void {
    const { loads, onProblem } = this.core;
    for (const flight of loads.start(wanted, origin, options, { prefix: this.prefix, forced: true })) {
      loads.keep(flight);
      flight.whenSettled({ landed: nothing, crashed: (error) => onProblem(asError(error)) });
    }
  }

  /** What a get of one key loads with. */
  #originOf(loader: Loader<Key, Value> | undefined): Origin<Key, Value> | undefined {
    if (loader !== undefined)
      requireFunction(loader, 'loader', 'a function of the key, or none to take the cache’s own');
    const { loader: own, batchLoader, revalidate } = this.loaders;
    const one = loader ?? own;
    if (one === undefined) return batchOrigin(batchLoader);
    if (loader !== undefined || revalidate === undefined) return { one };
    return {
      one: (key, context) =>
        context.previous === undefined ? one(key, context) : revalidate(key, context.previous, context),
    };
  }

  // ---- tiers beyond memory ----

  #lookUp(encoded: string): Promise<Lookup> {
    const { stack, watches } = this.core;
    const running = this.#lookups.get(encoded);
    if (running?.isCurrent() === true) return running.lookup;
    const watch = watches.begin(encoded);
    const lookup = stack.lookup(encoded, watch).finally(() => {
      watches.end(watch);
      if (this.#lookups.get(encoded)?.lookup === lookup) this.#lookups.delete(encoded);
    });
    if (stack.memory !== undefined && stack.far.length > 0)
      this.#lookups.set(encoded, { lookup, isCurrent: () => !watch.touched });
    return lookup;
  }

  async #lookUpMany(
    missing: readonly { readonly encoded: string }[],
    answers: Map<string, Promise<Value | undefined> | Value | undefined>,
  ): Promise<void> {
    const { core } = this;
    if (core.paused) {
      core.counts.bypassed += missing.length;
      return;
    }
    if (missing.length === 0) return;
    const { stack } = core;
    if (stack.memory !== undefined) for (const { encoded } of missing) stack.count('miss', encoded);
    for (const [i, { first, found, ghostHits }] of (await this.#watched(missing)).entries()) {
      const { encoded } = missing[i]!;
      if (stack.memory === undefined) stack.count(first, encoded, found, ghostHits);
      if (found !== undefined && found.state !== 'grace') answers.set(encoded, found.value as Value);
    }
  }

  async #watched(missing: readonly { readonly encoded: string }[]): Promise<Lookup[]> {
    const { stack, watches } = this.core;
    const keys = missing.map(({ encoded }) => encoded);
    const begun = keys.map((key) => watches.begin(key));
    try {
      return await stack.lookupMany(keys, begun);
    } finally {
      for (const watch of begun) watches.end(watch);
    }
  }
}

const nothing = (): void => undefined;

function batchOrigin<Key, Value>(many: BatchLoader<Key, Value> | undefined): Origin<Key, Value> | undefined {
  if (many === undefined) return undefined;
  requireFunction(many, 'batchLoader', 'a function of the keys, or none to take the cache’s own');
  return { many };
}
