import type { ControlSettings, CountingRecorder, TierHistograms, TierTotals } from '#libs/contracts';
import { SystemClock, systemRandom, type Clock } from '#libs/time';
import { CacheClosedError, CacheOptionsError } from './errors.js';
import { Invalidations } from './invalidation/invalidations.js';
import type { CacheKey } from './key/cache-key.js';
import { durationMs } from './load/duration.js';
import { lifetimeMs, type LifetimeMs } from './load/lifetime.js';
import { loadScope } from './load/load-scope.js';
import type { LoadCounts, LoadingMs } from './load/loading.js';
import { Listeners } from './load/listeners.js';
import { Loads } from './load/loads.js';
import { Watches } from './load/watch.js';
import { HostSettings, lifetimeOf } from './manage/host-settings.js';
import { settingsInForce } from './manage/in-force.js';
import type { MemoryTier } from './memory/memory-tier.js';
import type { CacheOptions, Lifetime, Loading } from './options.js';
import { LocalRecorder } from './record/local-recorder.js';
import { histogramsSince, totalsSince } from './record/since.js';
import { asError } from './tier/far-tier.js';
import { TierStack } from './tier/tier-stack.js';
import type { Selection } from './tier/tier.js';
import { cacheProblems, newLifetimeProblems } from './validate/cache-options.js';
import { validated } from './validate/values.js';

const DEFAULT_HARD_TIMEOUT_MS = 30_000;
const DEFAULT_CONCURRENT_LOADS = 64;

/** Gets that a paused cache sent to the origin, beside what happened to loads. */
export interface CacheCounts extends LoadCounts {
  bypassed: number;
}

/** What all views of a cache share: its tiers, what is on its way, its settings. */
export class CacheCore<Key extends CacheKey, Value> {
  readonly options: CacheOptions<Key, Value>;
  readonly name: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly stack: TierStack;
  readonly watches = new Watches();
  readonly listeners = new Listeners((problem) => this.onProblem(problem));
  readonly loads: Loads<Key, Value>;
  readonly loading: LoadingMs & { earlyRefresh: number };
  readonly host: HostSettings;
  /** What is desired of it from afar, and in force. */
  desired: ControlSettings = {};
  readonly counts: CacheCounts = {
    joined: 0,
    abandoned: 0,
    outdated: 0,
    refreshed: 0,
    unchanged: 0,
    invalid: 0,
    bypassed: 0,
  };
  readonly opened: Promise<unknown>;
  /** The memory tier while gets may be answered from it: not when the cache is paused or closed. */
  openMemory: MemoryTier | undefined;
  /** What the recorders had counted before: telemetry keeps one for a name, whatever caches come and go. */
  readonly #before: readonly TierTotals[];
  readonly #histogramsBefore: readonly TierHistograms[];
  #invalidations: Invalidations | undefined;
  #inForce: Lifetime;
  #lifetime: LifetimeMs;
  #paused = false;
  #closing: Promise<void> | undefined;
  readonly #beforeClose: (() => Promise<unknown> | void)[] = [];

  /** @throws CacheOptionsError that lists all that is wrong */
  constructor(options: CacheOptions<Key, Value>) {
    const problems = cacheProblems(options as Partial<CacheOptions<never, never>>);
    if (problems.length > 0) throw new CacheOptionsError(subjectOf(options), problems);
    this.options = options;
    this.name = options.name;
    this.clock = options.clock ?? new SystemClock();
    this.random = options.random ?? systemRandom;
    this.host = new HostSettings(options);
    this.#inForce = this.host.lifetime;
    this.#lifetime = lifetimeMs(options);
    this.loading = loadingMs(options);
    const recorders = options.tiers.map(
      ({ name }): CountingRecorder => options.telemetry?.cache(options.name, { tier: name }) ?? new LocalRecorder(),
    );
    this.#before = recorders.map((recorder) => recorder.totals());
    this.#histogramsBefore = recorders.map((recorder) => recorder.histograms());
    const lifetime = () => this.#lifetime;
    const { name: cache, clock, random } = this;
    this.stack = new TierStack({
      cache,
      tiers: options.tiers,
      recorders,
      clock,
      random,
      onProblem: this.onProblem,
      lifetime,
      validate: this.validate,
      onInvalid: this.onProblem,
      onKept: (key) => this.#invalidations?.kept(key),
      onWritten: (key, value) => this.listeners.tell(key, { written: true, value }),
    });
    this.loads = new Loads({
      cache,
      stack: this.stack,
      watches: this.watches,
      scope: loadScope(),
      clock,
      random,
      maxConcurrentLoads: options.maxConcurrentLoads ?? DEFAULT_CONCURRENT_LOADS,
      lifetime,
      loading: this.loading,
      validate: this.validate,
      comparesContent: options.freshness === 'content-hash',
      recorder: recorders[0]!,
      counts: this.counts,
      keepsNothing: () => this.#paused,
      onDropped: (key) => this.listeners.removed({ key }),
      onProblem: this.onProblem,
    });
    this.opened = this.stack.open();
    this.openMemory = this.stack.memory;
    if (options.invalidations !== undefined)
      this.#invalidations = new Invalidations({
        ...options.invalidations,
        cache,
        memory: this.stack.memory,
        watches: this.watches,
        onDropped: (selection) => this.listeners.removed(selection),
        clock,
        random,
        onProblem: this.onProblem,
      });
    this.stack.onRemoved((selection) => {
      this.watches.changed(selection, true);
      // The nearer tiers let go of it right after this call.
      queueMicrotask(() => this.listeners.removed(selection));
    });
    const settings = settingsInForce(this);
    for (const { name: tier } of options.tiers) this.record(tier, { change: 'created', by: 'host', settings });
  }

  get lifetime(): LifetimeMs {
    return this.#lifetime;
  }

  /** How long entries live, as it was said. */
  get lifetimeSettings(): Lifetime {
    return this.#inForce;
  }

  /** Has entries live as is said, and no longer as was said before. @throws CacheOptionsError */
  setLifetime(lifetime: Lifetime): void {
    const problems = newLifetimeProblems(lifetime);
    if (problems.length > 0) throw new CacheOptionsError(`cache ${this.name}`, problems);
    const { maxAgeMs } = this.#lifetime;
    this.#inForce = lifetimeOf(lifetime);
    this.#lifetime = lifetimeMs(lifetime);
    if (this.#lifetime.maxAgeMs < maxAgeMs) this.stack.memory?.capAge(this.#lifetime.maxAgeMs);
  }

  get paused(): boolean {
    return this.#paused;
  }

  set paused(paused: boolean) {
    this.#paused = paused;
    this.#settleMemory();
  }

  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /** @throws CacheClosedError */
  assertOpen(): void {
    if (this.#closing !== undefined) throw new CacheClosedError(this.name);
  }

  /** Entries were removed or overwritten: what is on its way for them comes too late. */
  changed(selection: Selection): void {
    this.watches.changed(selection);
  }

  /** Has the other instances told that the host removed or overwrote entries. */
  tell(selection: Selection): void {
    this.#invalidations?.tell(selection);
  }

  /** Tells telemetry that something was done to the cache. */
  record(tier: string, change: Parameters<CountingRecorder['change']>[0]): void {
    const at = this.options.tiers.findIndex(({ name }) => name === tier);
    this.stack.recorders[Math.max(0, at)]!.change(change);
  }

  /** Has something done first when the cache closes; a failure of it is only told of. */
  beforeClose(last: () => Promise<unknown> | void): void {
    this.#beforeClose.push(last);
  }

  close(): Promise<void> {
    if (this.#closing === undefined) {
      this.loads.abort(new CacheClosedError(this.name));
      for (const { name: tier } of this.options.tiers) this.record(tier, { change: 'closed', by: 'host' });
      const last = this.#beforeClose.map(async (one) => one());
      this.#closing = Promise.allSettled(last).then((done) => {
        for (const one of done) if (one.status === 'rejected') this.onProblem(asError(one.reason));
        return this.#close();
      });
      this.#settleMemory();
    }
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#invalidations?.close();
    await this.stack.close();
  }

  #settleMemory(): void {
    this.openMemory = this.#paused || this.#closing !== undefined ? undefined : this.stack.memory;
  }

  /** What was counted of each tier since the cache was made, from the nearest on. */
  totals(): TierTotals[] {
    return this.stack.recorders.map((recorder, i) => totalsSince(recorder.totals(), this.#before[i]!));
  }

  /** The same of their histograms. */
  histograms(): TierHistograms[] {
    return this.stack.recorders.map((recorder, i) =>
      histogramsSince(recorder.histograms(), this.#histogramsBefore[i]!),
    );
  }

  readonly validate = (value: unknown): Value | Promise<Value> => {
    try {
      const result = validated(this.name, this.options.schema, value);
      return result instanceof Promise ? result.catch(this.#invalid) : result;
    } catch (error) {
      return this.#invalid(error);
    }
  };

  readonly #invalid = (error: unknown): never => {
    this.counts.invalid++;
    throw error;
  };

  readonly onProblem = (problem: Error): void => {
    try {
      this.options.onProblem?.(problem);
    } catch {
      // Whoever is told of a fault must not cause another one.
    }
  };
}

function subjectOf(options: { readonly name?: unknown } | null | undefined): string {
  return options?.name === undefined ? 'a cache' : `cache ${String(options.name)}`;
}

function loadingMs(loading: Loading): LoadingMs {
  return {
    softMs: durationMs(loading.softTimeout ?? Number.POSITIVE_INFINITY, 'softTimeout'),
    hardMs: durationMs(loading.hardTimeout ?? DEFAULT_HARD_TIMEOUT_MS, 'hardTimeout'),
    earlyRefresh: loading.earlyRefresh ?? 0,
    lockAcrossProcesses: loading.lockAcrossProcesses ?? false,
  };
}
