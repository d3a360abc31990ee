import type { RemovalCause } from '#libs/contracts';
import {
  changedLimits,
  TierUnavailableError,
  type Entry,
  type EntryInfo,
  type Selection,
  type Stay,
  type Tier,
  type TierContext,
  type TierLimits,
  type TierLock,
  type TierProblem,
  type TierUsage,
  type Touched,
} from '../tier/tier.js';
import { joinInstances, leaveInstances } from './change-log.js';
import { diskProblems, type DiskOptions } from './disk-options.js';
import { shareEnvironment, type CacheDatabases } from './environment.js';
import { lockKey } from './locking.js';
import { OpenDisk } from './open-disk.js';
import { DiskReads } from './reads.js';
import { DiskRemovals } from './removals.js';
import { NO_TOTALS } from './totals.js';
import { DiskUpkeep, shrink } from './upkeep.js';
import { verifyDatabases } from './verify.js';
import { walk } from './walking.js';
import { DiskWrites } from './writes.js';

export type { DiskOptions } from './disk-options.js';

/** A tier on disk, on LMDB, to hand to `createCache`. */
export function disk(options: DiskOptions): DiskTier {
  // Without any the cache tells what is missing.
  return new DiskTier(options ?? {});
}

const CACHE_NAME = /^[\w.-]{1,64}$/;

/** An open tier, by subject. */
interface Parts {
  readonly disk: OpenDisk;
  readonly reads: DiskReads;
  readonly writes: DiskWrites;
  readonly removals: DiskRemovals;
  readonly release: () => Promise<void>;
}

/**
 * Entries on disk, under a budget that counts what LMDB uses for each. They survive the end of the process, however it
 * comes; a power cut may undo the last transaction. Reads are answered from mapped memory at once, writes are gathered
 * into transactions and resolve when they are on disk. What cannot be read — damaged, cut, of another version — is a
 * miss, told to `onProblem` and removed.
 *
 * Several processes may have one cache open: LMDB lets one write at a time, totals and queues of eviction are on disk, and
 * so each of them keeps its own limits for all. What one writes or removes the others hear of within a quarter of a second.
 */
export class DiskTier implements Tier {
  readonly name = 'disk';
  readonly shared = true;
  readonly #options: DiskOptions;
  readonly #limits: TierLimits;
  #context: TierContext | undefined;
  #parts: Parts | undefined;
  /** From when it has joined the other instances on. */
  #upkeep: DiskUpkeep | undefined;
  #closing: Promise<void> | undefined;
  #listener: ((selection: Selection) => void) | undefined;

  constructor(options: DiskOptions) {
    this.#options = options;
    const { maxBytes, maxEntries } = options;
    this.#limits = { maxBytes, ...(maxEntries !== undefined && { maxEntries }) };
  }

  problems() {
    return diskProblems(this.#options);
  }

  async open(context: TierContext): Promise<void> {
    if (this.#context !== undefined)
      throw new Error(`A disk tier belongs to one cache; cache ${context.cache} needs its own.`);
    if (!CACHE_NAME.test(context.cache))
      throw new TypeError(`A cache on disk is named by up to 64 letters, digits and ._-, and not ${context.cache}.`);
    const { environment, release } = shareEnvironment(this.#options.path, context.onProblem);
    let databases: CacheDatabases;
    try {
      databases = environment.databases(context.cache);
    } catch (error) {
      await release();
      throw error;
    }
    this.#context = context;
    const disk = new OpenDisk(this.#options, context, environment, databases, this.#limits);
    const removals = new DiskRemovals(disk);
    const writes = new DiskWrites(disk, removals);
    this.#parts = { disk, reads: new DiskReads(disk), writes, removals, release };
    await join(disk);
    this.#upkeep = new DiskUpkeep(disk, removals);
    context.recorder.gauges(() => this.usage());
    this.#upkeep.schedule(this.#listener);
  }

  async get(key: string): Promise<Entry | undefined> {
    const { disk, reads } = this.#open();
    disk.refresh();
    return reads.read(key);
  }

  async peek(key: string): Promise<Entry | undefined> {
    const { disk, reads } = this.#open();
    disk.refresh();
    return reads.read(key, false);
  }

  async getMany(keys: readonly string[]): Promise<(Entry | undefined)[]> {
    const { disk, reads } = this.#open();
    disk.refresh();
    return keys.map((key) => reads.read(key));
  }

  async set(key: string, entry: Entry): Promise<boolean> {
    return this.#open().writes.set(key, entry);
  }

  async remove(
    selection: Selection,
    { cause, dryRun = false }: { readonly cause: RemovalCause; readonly dryRun?: boolean },
  ): Promise<Touched> {
    const { removals } = this.#open();
    return dryRun ? removals.wouldRemove(selection) : removals.remove(selection, cause);
  }

  async *entries(): AsyncIterable<EntryInfo> {
    const { disk } = this.#open();
    await disk.queue.settled();
    for await (const found of walk(disk, { all: true }, Number.POSITIVE_INFINITY))
      for (const { row } of found) yield disk.infoOf(row);
  }

  /** Of what this process evicted since it opened the tier; about so, since S3-FIFO does not evict in one order. */
  ghostHits(key: string): number {
    return this.#parts?.reads.ghostHits(key) ?? 0;
  }

  async explain(key: string): Promise<Stay | undefined> {
    return this.#open().reads.explain(key);
  }

  usage(): TierUsage & { readonly entries: number; readonly bytes: number } {
    const disk = this.#parts?.disk;
    const { entries, bytes } = disk?.totals() ?? NO_TOTALS;
    return { entries, bytes, ...(disk?.limits ?? this.#limits) };
  }

  /** A limit that is left out stays as it is. */
  async resize(limits: TierLimits): Promise<void> {
    const { disk } = this.#open();
    disk.limits = changedLimits(disk.limits, limits);
    await shrink(disk);
  }

  async *verify({ repair }: { readonly repair: boolean }): AsyncIterable<TierProblem> {
    const { disk } = this.#open();
    const { queue, environment, databases, codec, context } = disk;
    await queue.settled();
    yield* verifyDatabases({ environment, databases, queue, codec, now: context.clock.now(), repair });
  }

  /** Lets one process at a time load a key, over all that have the directory open. By the wall clock of this machine. */
  async lock(key: string, ttlMs: number): Promise<TierLock | undefined> {
    return lockKey(this.#open().disk, key, ttlMs);
  }

  onRemoved(listener: (selection: Selection) => void): void {
    this.#listener = listener;
    if (this.#closing === undefined) this.#upkeep?.schedule(listener);
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#upkeep?.stop();
    if (this.#parts === undefined) return;
    const { disk, release } = this.#parts;
    disk.beginClosing();
    await disk.queue.settled();
    try {
      await disk.queue.do((work) => leaveInstances(work, disk.databases, disk.instance));
    } catch (error) {
      disk.context.onProblem(error as Error);
    }
    disk.totals();
    disk.endClosing();
    await release();
  }

  #open(): Parts {
    if (this.#parts === undefined || this.#closing !== undefined)
      throw new TierUnavailableError(
        `The disk tier in ${this.#options.path} is ${this.#closing ? 'closed' : 'not open yet'}.`,
      );
    return this.#parts;
  }
}

async function join(disk: OpenDisk): Promise<void> {
  try {
    disk.instance = await disk.queue.do((work) => joinInstances(work, disk.databases, process.pid));
  } catch (error) {
    // A full disk, say: what is there can be read all the same.
    disk.context.onProblem(error as Error);
  }
}
