import type { CountingRecorder } from '#libs/contracts';
import type { Clock } from '#libs/time';
import { CacheClosedError, LoadTimeoutError, LoopedLoadError } from '../errors.js';
import { LoadedAnswer, type LoadContext, type LoaderAnswer, type LoadOptions, type WriteOptions } from '../options.js';
import { asError, AWAY } from '../tier/far-tier.js';
import type { Found } from '../tier/found.js';
import type { TierStack } from '../tier/tier-stack.js';
import { durationMs } from './duration.js';
import { Flight, type Job, type Outcome } from './flight.js';
import { encodeTags, keptOf } from './kept.js';
import { stateOf, type LifetimeMs } from './lifetime.js';
import { Limiter } from './limiter.js';
import { LoadNode } from './load-graph.js';
import type { LoadScope } from './load-scope.js';
import type { Watches } from './watch.js';

/** Where values come from: one answer for each key, in order; an Error for a key that failed. */
export type Origin<Key, Value> = (
  keys: readonly Key[],
  contexts: readonly LoadContext<Value>[],
) => Promise<readonly (LoaderAnswer<Value> | Error)[]>;

/** How the origin is protected, in ms. */
export interface LoadingMs {
  readonly softMs: number;
  readonly hardMs: number;
  readonly earlyRefresh: number;
  readonly lockAcrossProcesses: boolean;
}

/** What happened to loads, beside what the recorders count. */
export interface LoadCounts {
  /** Gets that shared the load of another one. */
  joined: number;
  /** Loads that ended because nobody waited any more. */
  abandoned: number;
  /** Answers that were not kept, as their key was invalidated or written meanwhile. */
  outdated: number;
  /** Loads of what was held: stale, near its end, or on request. */
  refreshed: number;
  /** Of these, those that found nothing changed. */
  unchanged: number;
  /** Values that the schema refused, from a loader or from a tier. */
  invalid: number;
}

export interface LoadsOptions<Value> {
  readonly cache: string;
  readonly stack: TierStack;
  readonly watches: Watches;
  readonly scope: LoadScope;
  readonly clock: Clock;
  readonly random: () => number;
  readonly maxConcurrentLoads: number;
  readonly lifetime: () => LifetimeMs;
  readonly loading: LoadingMs;
  readonly validate: (value: unknown) => Value | Promise<Value>;
  readonly recorder: CountingRecorder;
  readonly counts: LoadCounts;
  /** Nothing is kept at the moment. */
  readonly keepsNothing: () => boolean;
  readonly onProblem: (problem: Error) => void;
}

/** Errors in whose place what is held may be answered: the origin failed, not whoever asked it. */
function saves(error: unknown): boolean {
  return !(error instanceof CacheClosedError || error instanceof LoopedLoadError);
}

/** One key to be loaded, and what memory holds of it. */
export interface Wanted<Key> {
  readonly key: Key;
  readonly encoded: string;
  readonly held: Found | undefined;
}

/** Timers take no longer ones: 2³¹ − 1 ms, some 25 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** Pauses between two looks whether another process has loaded a key, ms. */
const FIRST_LOOK_MS = 10;
const LAST_LOOK_MS = 250;

/** The load that a loader's context is of, over all caches. */
const loadOf = new WeakMap<LoadContext<unknown>, LoadNode>();

/** The loads of a cache that are under way: one for each key, a limited number at a time. */
export class Loads<Key, Value> {
  readonly limiter: Limiter;
  readonly #options: LoadsOptions<Value>;
  readonly #flights = new Map<string, Flight<Key, Value>>();
  readonly #jobs = new Set<Job<Key, Value>>();

  constructor(options: LoadsOptions<Value>) {
    this.#options = options;
    this.limiter = new Limiter(options.maxConcurrentLoads);
  }

  /** The flight of a key that whoever asks now may share: nothing was done to the key since it began. */
  joinable(encoded: string): Flight<Key, Value> | undefined {
    const flight = this.#flights.get(encoded);
    if (flight === undefined || flight.settled || flight.watch.touched) return undefined;
    return flight.job.controller.signal.aborted ? undefined : flight;
  }

  /**
   * Begins to bring in keys, by one call of the origin. `forced`: whatever the tiers hold. Whoever calls must wait for
   * the flights, or `keep` them.
   */
  start(
    wanted: readonly Wanted<Key>[],
    origin: Origin<Key, Value>,
    write: LoadOptions,
    { prefix, forced }: { readonly prefix: string; readonly forced: boolean },
  ): Flight<Key, Value>[] {
    const job: Job<Key, Value> = {
      node: new LoadNode(),
      controller: new AbortController(),
      abandoned: false,
      flights: [],
    };
    for (const { key, encoded, held } of wanted) {
      // What an older one brings in is older than what this one will.
      this.#flights.get(encoded)?.watch.spoil();
      const flight = new Flight(key, encoded, this.#options.watches.begin(encoded), job, write, prefix);
      flight.forced = forced;
      this.#remember(flight, held);
      this.#flights.set(encoded, flight);
      job.flights.push(flight);
    }
    this.#jobs.add(job);
    void this.#run(job, origin, write).finally(() => this.#jobs.delete(job));
    return job.flights;
  }

  /** Lets a flight go on when nobody waits for it. */
  keep(flight: Flight<Key, Value>): void {
    flight.waiters++;
  }

  /**
   * What a flight comes to, or what is held if that takes longer than the soft timeout, or fails and may be answered then.
   * Whoever leaves by its signal leaves the flight to the others; with the last one the load ends.
   */
  wait(flight: Flight<Key, Value>, options: LoadOptions): Promise<Outcome<Value> & { readonly older?: boolean }> {
    const { scope, cache, clock } = this.#options;
    const { signal, within } = options;
    if (signal?.aborted === true) {
      this.#abandon(flight, signal.reason);
      return Promise.reject(signal.reason as Error);
    }
    const from = (within === undefined ? undefined : loadOf.get(within)) ?? scope.current();
    const part = from === undefined || from.finished ? () => undefined : from.waitFor(flight.job.node);
    if (part === undefined) return Promise.reject(new LoopedLoadError(cache));
    flight.waiters++;
    const softMs =
      options.softTimeout === undefined ? this.#options.loading.softMs : durationMs(options.softTimeout, 'softTimeout');
    return new Promise((resolve, reject) => {
      const leave = () => {
        part();
        timer?.cancel();
        signal?.removeEventListener('abort', onAbort);
      };
      const onAbort = () => {
        leave();
        flight.waiters--;
        this.#abandon(flight, signal?.reason);
        reject(signal?.reason as Error);
      };
      const onSoftTimeout = () => {
        const older = this.#usable(flight);
        if (older === undefined) return;
        // The waiter's place is not given up: the load goes on.
        leave();
        resolve({ value: older.value as Value, how: 'kept', found: older, older: true });
      };
      const timer = softMs > LONGEST_TIMER_MS ? undefined : clock.setTimer(onSoftTimeout, softMs);
      signal?.addEventListener('abort', onAbort, { once: true });
      flight.outcome.then(
        (outcome) => {
          leave();
          resolve(outcome);
        },
        (error: unknown) => {
          leave();
          const older = saves(error) ? this.#usable(flight) : undefined;
          if (older === undefined) reject(error as Error);
          else resolve({ value: older.value as Value, how: 'kept', found: older, older: true });
        },
      );
    });
  }

  /** Ends every load. */
  abort(reason: Error): void {
    for (const { controller } of this.#jobs) controller.abort(reason);
  }

  /** What is under way: loaders running, and loads waiting for their turn. */
  get underWay(): { readonly running: number; readonly queued: number } {
    return { running: this.limiter.running, queued: this.limiter.queued };
  }

  // ---- one load ----

  async #run(job: Job<Key, Value>, origin: Origin<Key, Value>, write: LoadOptions): Promise<void> {
    const { loading, clock, cache, stack } = this.#options;
    const { controller } = job;
    const { promise: ended, reject: end } = Promise.withResolvers<never>();
    ended.catch(() => undefined);
    controller.signal.addEventListener('abort', () => end(controller.signal.reason), { once: true });
    const hardMs = write.hardTimeout === undefined ? loading.hardMs : durationMs(write.hardTimeout, 'hardTimeout');
    const timer =
      hardMs > LONGEST_TIMER_MS
        ? undefined
        : clock.setTimer(() => controller.abort(new LoadTimeoutError(cache, hardMs)), hardMs);
    let unlock: (() => Promise<void>) | undefined;
    const writes: Promise<unknown>[] = [];
    try {
      if (stack.far.length > 0) await Promise.race([this.#lookUp(job), ended]);
      if (loading.lockAcrossProcesses && job.flights.length === 1)
        unlock = await Promise.race([this.#lock(job, job.flights[0]!, hardMs), ended]);
      const open = job.flights.filter(({ settled }) => !settled);
      if (open.length > 0) await this.#fetch(job, open, origin, ended, writes);
    } catch (error) {
      for (const flight of job.flights) if (!flight.settled) this.#end(flight, () => flight.crash(error));
    } finally {
      timer?.cancel();
      job.node.finish();
      // Others look when they get the lock, and must find what was written.
      if (unlock !== undefined) stack.track(Promise.allSettled(writes).then(unlock)).catch(this.#tell);
    }
  }

  /** Asks the tiers beyond memory. */
  async #lookUp(job: Job<Key, Value>): Promise<void> {
    const { stack } = this.#options;
    const asked = job.flights.filter(({ forced, older }) => !(forced && older !== undefined));
    if (asked.length === 0 || this.#options.keepsNothing()) return;
    const lookups = await stack.lookupMany(
      asked.map(({ encoded }) => encoded),
      asked.map(({ watch }) => watch),
    );
    for (const [i, { first, found }] of lookups.entries()) {
      const flight = asked[i]!;
      flight.first = first;
      this.#take(flight, found);
    }
  }

  /** Ends the flight with what a tier has, if that is good enough. */
  #take(flight: Flight<Key, Value>, found: Found | undefined): void {
    if (found === undefined) return;
    if (found.state === 'grace' || flight.forced) this.#remember(flight, found);
    else this.#end(flight, () => flight.land({ value: found.value as Value, how: 'kept', found }));
  }

  async #fetch(
    job: Job<Key, Value>,
    flights: readonly Flight<Key, Value>[],
    origin: Origin<Key, Value>,
    ended: Promise<never>,
    writes: Promise<unknown>[],
  ): Promise<void> {
    const { clock, scope, cache, recorder } = this.#options;
    const permit = this.limiter.enter();
    job.node.permit = { limiter: this.limiter, permit };
    if (job.node.isNeededUnder(this.limiter)) permit.hurry();
    let start: number | undefined;
    try {
      if (permit.waits) await Promise.race([permit.turn, ended]);
      start = clock.monotonic();
      const contexts = flights.map((flight) => this.#contextOf(flight));
      const keys = flights.map(({ key }) => key);
      const loading = scope.run(job.node, () => origin(keys, contexts));
      const answers = await Promise.race([loading, ended]);
      const loadMs = clock.monotonic() - start;
      if (answers.length !== flights.length)
        throw new TypeError(
          `A batch loader of cache ${cache} gave ${answers.length} answers for ${flights.length} keys. Give one for each, in their order; undefined for what there is not.`,
        );
      const accepted = flights.map((flight, i) => this.#accept(flight, answers[i], loadMs, writes));
      await Promise.race([Promise.all(accepted), ended]);
    } catch (error) {
      const tookNs = start === undefined ? undefined : (clock.monotonic() - start) * 1e6;
      if (!job.abandoned) for (const flight of flights) if (!flight.settled) recorder.loadFailed(tookNs);
      throw error;
    } finally {
      // A loader that does not heed its signal may still run: the limit is on those that somebody waits for, so that a
      // handful that hang for ever do not end all loading.
      permit.leave();
      job.node.permit = undefined;
    }
  }

  /** Lets one process load a key at a time: resolves with what ends that, having looked again whether it is there by now. */
  async #lock(
    job: Job<Key, Value>,
    flight: Flight<Key, Value>,
    hardMs: number,
  ): Promise<(() => Promise<void>) | undefined> {
    const { stack, clock, random } = this.#options;
    const far = stack.far.find(({ tier }) => tier.lock !== undefined);
    if (far === undefined || flight.settled || this.#options.keepsNothing()) return undefined;
    const began = clock.now();
    const ttlMs = Math.min(hardMs, LONGEST_TIMER_MS);
    for (let pauseMs = FIRST_LOOK_MS; ; pauseMs = Math.min(pauseMs * 2, LAST_LOOK_MS)) {
      const unlock = await far.call(() => far.tier.lock!(flight.encoded, ttlMs));
      if (unlock === AWAY) return undefined;
      if (unlock !== undefined && job.controller.signal.aborted) {
        await unlock();
        return undefined;
      }
      await this.#lookAgain(flight, began);
      if (unlock !== undefined) return unlock;
      if (flight.settled) return undefined;
      await clock.sleep(pauseMs * (0.5 + random() / 2), job.controller.signal);
    }
  }

  async #lookAgain(flight: Flight<Key, Value>, began: number): Promise<void> {
    const { found } = await this.#options.stack.lookup(flight.encoded, flight.watch);
    if (found === undefined || flight.settled) return;
    // Another process has just done what was to be done.
    if (flight.forced && found.storedAt >= began && found.state === 'fresh')
      this.#end(flight, () => flight.land({ value: found.value as Value, how: 'loaded', found }));
    else this.#take(flight, found);
  }

  /** Takes an answer in; what it writes goes into `writes`. */
  async #accept(
    flight: Flight<Key, Value>,
    answer: LoaderAnswer<Value> | Error,
    loadMs: number,
    writes: Promise<unknown>[],
  ): Promise<void> {
    const { recorder, counts } = this.#options;
    try {
      if (answer instanceof Error) throw answer;
      const { said, outcome } = await this.#resolved(flight, answer);
      if (flight.job.controller.signal.aborted) return;
      recorder.loaded(loadMs * 1e6);
      if (flight.older !== undefined) counts.refreshed++;
      if (outcome.how === 'unchanged') counts.unchanged++;
      writes.push(this.#store(flight, outcome, said, loadMs));
      this.#end(flight, () => flight.land(outcome));
    } catch (error) {
      if (flight.settled || flight.job.controller.signal.aborted) return;
      recorder.loadFailed(loadMs * 1e6);
      this.#end(flight, () => flight.crash(error));
    }
  }

  async #resolved(
    flight: Flight<Key, Value>,
    answer: LoaderAnswer<Value>,
  ): Promise<{ readonly said: WriteOptions; readonly outcome: Outcome<Value> }> {
    if (!(answer instanceof LoadedAnswer))
      return {
        said: {},
        outcome: { value: answer === undefined ? undefined : await this.#options.validate(answer), how: 'loaded' },
      };
    const { value, unchanged, ...said } = answer.answer as typeof answer.answer & WriteOptions;
    if (unchanged !== true)
      return {
        said,
        outcome: { value: value === undefined ? undefined : await this.#options.validate(value), how: 'loaded' },
      };
    const { older } = flight;
    if (older === undefined)
      throw new TypeError(
        `A loader of cache ${this.#options.cache} said that nothing changed, and nothing was held. Say so only when context.previous is given.`,
      );
    const { version } = older;
    return {
      said: { ...(version !== undefined && { version }), ...said },
      outcome: { value: older.value as Value, how: 'unchanged' },
    };
  }

  #store(
    flight: Flight<Key, Value>,
    { value, how }: Outcome<Value>,
    said: WriteOptions,
    loadMs: number,
  ): Promise<unknown> {
    const { stack, lifetime, random, counts } = this.#options;
    if (this.#options.keepsNothing()) return Promise.resolve();
    const { prefix, older } = flight;
    const held = how === 'unchanged' ? older?.tags : undefined;
    const tags = encodeTags(prefix, said.tags) ?? held ?? encodeTags(prefix, flight.write.tags);
    if (!flight.watch.mayKeep(tags)) {
      counts.outdated++;
      return Promise.resolve();
    }
    const kept = keptOf(value, { ...flight.write, ...said }, tags, loadMs, lifetime(), random);
    const written = kept === undefined ? this.#forget(flight) : stack.write(flight.encoded, kept);
    written.catch(this.#tell);
    return written;
  }

  /** The origin has none, or it may not be kept: what is held of it is no longer so. */
  #forget(flight: Flight<Key, Value>): Promise<unknown> {
    return this.#options.stack.remove({ key: flight.encoded }, { cause: 'invalidated' });
  }

  #contextOf(flight: Flight<Key, Value>): LoadContext<Value> {
    const { older } = flight;
    const context: LoadContext<Value> = {
      signal: flight.job.controller.signal,
      previous:
        older === undefined || older.negative
          ? undefined
          : {
              value: older.value as Value,
              ageMs: this.#ageOf(flight, older),
              ...(older.version !== undefined && { version: older.version }),
            },
    };
    loadOf.set(context, flight.job.node);
    return context;
  }

  // ---- flights ----

  #remember(flight: Flight<Key, Value>, held: Found | undefined): void {
    if (held === undefined) return;
    flight.older = held;
    flight.olderAt = this.#options.clock.monotonic();
  }

  /** What is held, if it may still be answered in place of what cannot be loaded. */
  #usable(flight: Flight<Key, Value>): Found | undefined {
    const { older } = flight;
    if (older === undefined || older.negative || flight.watch.touched) return undefined;
    return stateOf(older, this.#ageOf(flight, older), this.#options.lifetime()) === 'over' ? undefined : older;
  }

  #ageOf(flight: Flight<Key, Value>, older: Found): number {
    return older.ageMs + this.#options.clock.monotonic() - flight.olderAt;
  }

  #end(flight: Flight<Key, Value>, how: () => void): void {
    how();
    this.#options.watches.end(flight.watch);
    if (this.#flights.get(flight.encoded) === flight) this.#flights.delete(flight.encoded);
  }

  /** Ends the load when nobody waits for any of its flights. */
  #abandon(flight: Flight<Key, Value>, reason: unknown): void {
    const { job } = flight;
    if (job.flights.some(({ settled, waiters }) => !settled && waiters > 0)) return;
    if (!job.abandoned) this.#options.counts.abandoned++;
    job.abandoned = true;
    job.controller.abort(reason);
  }

  readonly #tell = (problem: unknown): void => this.#options.onProblem(asError(problem));
}
