import type { AccessSampling, CacheChange, Event } from '#libs/contracts';
import { FixedRateSampler, FixedSizeSampler, KeyHasher, type Sampler } from '#libs/sampling';
import type { Clock } from '#libs/time';
import type { ControlClient } from './control/control-client.js';
import type { Control } from './control/remote-control.js';
import { Deadline } from './emit/deadline.js';
import { BatchEmitter } from './emit/emitter.js';
import { HARD_LIMITS } from './hard-limits.js';
import { Pacer } from './pacer.js';
import type { Compressor, Spool, Transport } from './ports.js';
import { CacheRecorder } from './record/cache-recorder.js';
import { LoadRecorder } from './record/load-recorder.js';
import { MetricFamily, type MetricOptions, type MetricType } from './record/metrics.js';
import { Windows } from './record/windows.js';
import { Counters, type TelemetryProblem, type TelemetryStats } from './stats.js';

export type WindowMs = 1_000 | 10_000;

/** Which accesses are sampled: none, a share of the keys, or the accesses of at most so many keys. */
export type Sampling = false | AccessSampling;

export interface TelemetryOptions {
  /** Name of the service or app. */
  readonly service: string;
  readonly version: string;
  /** Operating system or browser family. */
  readonly platform?: string;
  readonly transport: Transport;
  readonly clock: Clock;
  /** Yields [0, 1), at least 16 good bits: the instance's id is drawn from it. */
  readonly random: () => number;
  /** Default: batches are not compressed. */
  readonly compression?: Compressor;
  /** Default: none; what is not sent when the process ends is lost. */
  readonly spool?: Spool;
  /** Secret salt of the deployment or installation, for hashes of keys. Without it nothing is sampled. */
  readonly salt?: string | Uint8Array;
  /** Default 1,000. */
  readonly windowMs?: WindowMs;
  /** Longest that an event waits for its batch, ms. Default 1,000; 1 to 2,147,483,647. */
  readonly flushIntervalMs?: number;
  /** An empty batch after so many ms without one. Default 5,000; 1 to 2,147,483,647. */
  readonly heartbeatMs?: number;
  /** Default 5,000; 1 to 10,000. */
  readonly maxBatchEvents?: number;
  /** Bytes of a batch before compression. Default 900,000 (in a page 50,000); 1,000 to 1,000,000. */
  readonly maxBatchBytes?: number;
  /** Bytes of events that wait for a batch, about. Default 16 MiB; at least 10,000. */
  readonly maxBufferBytes?: number;
  /** Lets caches be controlled from afar: `remoteControl({ endpoint })`. Default: none. */
  readonly control?: Control;
  /** Labels that metrics may carry. Default: those that each metric declares. */
  readonly labels?: readonly string[];
  /** Told of whatever goes wrong. It must not throw; if it does, that is counted. */
  readonly onError?: (problem: TelemetryProblem) => void;
}

export interface CacheOptions {
  /** Tier within the cache. Default `memory`. */
  readonly tier?: string;
  readonly windowMs?: WindowMs;
  /** Default: the accesses of at most 8,192 keys. */
  readonly sampling?: Sampling;
  /** Sampled accesses per window before the rate is halved. Default 5,000. */
  readonly maxAccessesPerWindow?: number;
}

const DEFAULTS = {
  windowMs: 1_000 as WindowMs,
  flushIntervalMs: 1_000,
  heartbeatMs: 5_000,
  maxBatchEvents: 5_000,
  maxBatchBytes: 900_000,
  maxBufferBytes: 16 * 2 ** 20,
  maxKeys: 8_192,
  maxAccessesPerWindow: 5_000,
};

/** The most of a shutdown's time that is kept for closing the spool, ms. */
const MAX_CLOSING_MS = 500;

/**
 * Counts what an app does and brings it to a collector. No method throws; what goes wrong is counted, and told to
 * `onError`. Only the doors for Node and for pages throw, when it is created with options that cannot work. It aims at
 * holding the event loop for no more than 2 ms at once, and leaves little for collections to copy.
 */
export class Telemetry {
  readonly loads: LoadRecorder;
  /** The random id that this start drew: what the database knows it by. */
  readonly instance: string;
  /** Lets caches be controlled from afar; undefined where that is not wanted. It listens once a cache was added. */
  readonly control: ControlClient | undefined;
  readonly #options: TelemetryOptions;
  readonly #counters: Counters;
  readonly #pacer: Pacer;
  readonly #emitter: BatchEmitter;
  readonly #hasher: KeyHasher | undefined;
  readonly #windows = new Map<WindowMs, Windows>();
  readonly #closedThrough = new Map<WindowMs, number>();
  readonly #caches = new Map<string, CacheRecorder>();
  readonly #metrics = new Map<string, MetricFamily>();
  readonly #labels: ReadonlySet<string> | undefined;
  readonly #emit: (event: Event) => void;
  #ending: Promise<boolean> | undefined;
  #endBy: Deadline | undefined;
  /** Somewhat earlier, where a spool has to be closed. */
  #sendBy: Deadline | undefined;

  constructor(options: TelemetryOptions) {
    this.#options = options;
    this.#counters = new Counters(options.onError);
    this.#pacer = new Pacer(options.clock);
    this.#hasher = options.salt === undefined ? undefined : new KeyHasher(options.salt);
    this.#labels = options.labels === undefined ? undefined : new Set(options.labels);
    const { service, version, platform, random, clock, transport, compression, spool } = options;
    this.instance = drawInstance(random);
    this.#emitter = new BatchEmitter({
      identity: { service, instance: this.instance, version, ...(platform !== undefined && { platform }) },
      transport,
      clock,
      random,
      counters: this.#counters,
      pacer: this.#pacer,
      compressor: compression,
      spool,
      flushIntervalMs: options.flushIntervalMs ?? DEFAULTS.flushIntervalMs,
      heartbeatMs: options.heartbeatMs ?? DEFAULTS.heartbeatMs,
      maxBatchEvents: Math.min(HARD_LIMITS.batchEvents, Math.max(1, options.maxBatchEvents ?? DEFAULTS.maxBatchEvents)),
      maxBatchBytes: Math.min(HARD_LIMITS.batchBytes, options.maxBatchBytes ?? DEFAULTS.maxBatchBytes),
      maxBufferBytes: options.maxBufferBytes ?? DEFAULTS.maxBufferBytes,
    });
    this.#emit = (event) => this.#emitter.emit(event);
    this.control = options.control?.({
      service,
      instance: this.instance,
      version,
      clock,
      random,
      changed: (change) => this.change(change),
      onProblem: (message, cause) => this.#counters.problem('control', message, cause),
    });
    this.loads = new LoadRecorder({ clock, counters: this.#counters, emit: this.#emit, hasher: this.#hasher });
    this.#windowsOf(options.windowMs ?? DEFAULTS.windowMs);
  }

  /** The recorder of one tier of a cache; the same one when asked again. */
  cache(name: string, options: CacheOptions = {}): CacheRecorder {
    const tier = options.tier ?? 'memory';
    const key = `${name}\u0000${tier}`;
    const existing = this.#caches.get(key);
    if (existing !== undefined) return existing;
    const recorder = new CacheRecorder({
      name,
      tier,
      clock: this.#options.clock,
      counters: this.#counters,
      emit: this.#emit,
      hasher: this.#hasher,
      sampler: this.#hasher === undefined ? undefined : samplerOf(options.sampling ?? { maxKeys: DEFAULTS.maxKeys }),
      newSampler: samplerOf,
      maxAccessesPerWindow: options.maxAccessesPerWindow ?? DEFAULTS.maxAccessesPerWindow,
    });
    this.#caches.set(key, recorder);
    this.#windowsOf(options.windowMs ?? this.#options.windowMs ?? DEFAULTS.windowMs).add(recorder);
    return recorder;
  }

  /** A metric of the host's own, named by Prometheus' conventions; the same one when asked again. */
  metric<Type extends MetricType>(name: string, options: MetricOptions<Type>): MetricFamily<Type> {
    const existing = this.#metrics.get(name);
    if (existing !== undefined) return existing as unknown as MetricFamily<Type>;
    const family = new MetricFamily<Type>(name, options, this.#labels, this.#counters);
    this.#metrics.set(name, family as unknown as MetricFamily);
    this.#windowsOf(this.#options.windowMs ?? DEFAULTS.windowMs).addMany(() => family.sources());
    return family;
  }

  /** Something was done to a cache, to all tiers of it unless it names one: the annotations on its charts. */
  change(change: Omit<CacheChange, 'kind' | 'time'>): void {
    this.#counters.guard(
      () => this.#emit({ kind: 'cache.change', time: this.#options.clock.now(), ...change }),
      undefined,
    );
  }

  stats(): TelemetryStats {
    const { sentBatches, accepted, rejected, dropped, retries, errors, capped } = this.#counters;
    return {
      queued: this.#emitter.queued,
      queuedBytes: this.#emitter.queuedBytes,
      unacknowledgedBatches: this.#emitter.unacknowledged,
      spoolBytes: this.#emitter.spoolBytes,
      sentBatches,
      accepted,
      rejected,
      dropped: { ...dropped },
      retries,
      errors,
      capped,
      longestSliceMs: this.#pacer.longestSliceMs,
    };
  }

  /** Sends everything recorded in closed windows; true when all of it was acknowledged within the deadline. */
  async flush({ deadlineMs = 5_000 } = {}): Promise<boolean> {
    const deadline = new Deadline(this.#options.clock);
    deadline.within(deadlineMs);
    return this.#flush(deadline);
  }

  /** For a page that is going away: closes the open windows and hands what it can to the browser, without waiting. */
  leave(): void {
    this.#counters.guard(() => {
      for (const windows of this.#windows.values()) windows.closeNow();
      this.#emitter.beacon();
    }, undefined);
  }

  /** The network or the page is back: tries at once instead of waiting out a backoff. */
  resume(): void {
    this.#counters.guard(() => this.#emitter.hurry(), undefined);
  }

  /**
   * Closes the open windows, sends what is left, and stops, by the deadline also where the spool's disk does not return.
   * True when all was acknowledged; what was not stays in the spool, or is lost without one. Called again while it waits,
   * the earlier deadline counts for both.
   */
  shutdown({ deadlineMs = 5_000 } = {}): Promise<boolean> {
    const { clock, spool } = this.#options;
    this.#endBy ??= new Deadline(clock);
    this.#endBy.within(deadlineMs);
    this.#sendBy ??= new Deadline(clock);
    this.#sendBy.within(spool === undefined ? deadlineMs : deadlineMs - Math.min(MAX_CLOSING_MS, deadlineMs / 4));
    if (spool !== undefined) this.#emitter.openSpoolWithin(deadlineMs / 2);
    this.#ending ??= this.#end(this.#sendBy, this.#endBy);
    return this.#ending;
  }

  async #end(sendBy: Deadline, endBy: Deadline): Promise<boolean> {
    await this.control?.close();
    for (const windows of this.#windows.values()) windows.stop();
    for (const windows of this.#windows.values())
      await windows
        .closeOpen()
        .catch((cause: unknown) => this.#counters.problem('internal', 'A window could not be closed.', cause));
    const all = await this.#flush(sendBy);
    await this.#emitter
      .stop(endBy)
      .catch((cause: unknown) => this.#counters.problem('internal', 'Stopping failed.', cause));
    endBy.cancel();
    return all;
  }

  async #flush(deadline: Deadline): Promise<boolean> {
    try {
      return await this.#emitter.flush(deadline);
    } catch (cause) {
      this.#counters.problem('internal', 'Flushing failed.', cause);
      return false;
    } finally {
      deadline.cancel();
    }
  }

  #windowsOf(windowMs: WindowMs): Windows {
    const existing = this.#windows.get(windowMs);
    if (existing !== undefined) return existing;
    const windows = new Windows({
      windowMs,
      clock: this.#options.clock,
      pacer: this.#pacer,
      counters: this.#counters,
      emit: this.#emit,
      onClosed: (end) => {
        this.#closedThrough.set(windowMs, end);
        // The longest windows decide: a 10 s window that is still open may yet tell of 9 s ago.
        if (this.#closedThrough.size === this.#windows.size)
          this.#emitter.windowsClosed(Math.min(...this.#closedThrough.values()));
      },
    });
    this.#windows.set(windowMs, windows);
    return windows;
  }
}

/** Starts telemetry. Adapters for Node and for browsers hand in transport, compression, clock and randomness. */
export function createTelemetry(options: TelemetryOptions): Telemetry {
  return new Telemetry(options);
}

function samplerOf(sampling: Sampling): Sampler | undefined {
  if (sampling === false || Object.values(sampling).includes(0)) return undefined;
  return 'rate' in sampling ? new FixedRateSampler(sampling.rate) : new FixedSizeSampler(sampling.maxKeys);
}

/** A random UUID (version 4), drawn anew at each start; it says nothing about who or where. */
function drawInstance(random: () => number): string {
  const words = Array.from({ length: 8 }, () => Math.floor(random() * 65_536));
  words[3] = (words[3]! & 0x0fff) | 0x4000;
  words[4] = (words[4]! & 0x3fff) | 0x8000;
  const hex = words.map((word) => word.toString(16).padStart(4, '0'));
  return `${hex[0]}${hex[1]}-${hex[2]}-${hex[3]}-${hex[4]}-${hex[5]}${hex[6]}${hex[7]}`;
}
