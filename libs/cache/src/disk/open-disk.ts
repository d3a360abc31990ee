import { lmdbFailure } from '#libs/event-log/embedded';
import { infoOf } from '../tier/entry-info.js';
import { TierUnavailableError, type EntryInfo, type TierContext, type TierLimits } from '../tier/tier.js';
import { DiskGhosts } from './disk-ghosts.js';
import type { DiskOptions } from './disk-options.js';
import { LAYOUT, markDamaged, messageOf, type CacheDatabases, type CacheEnvironment } from './environment.js';
import { readRow, type Row } from './row.js';
import { NO_TOTALS, readTotals, type Totals } from './totals.js';
import { UnderWay } from './under-way.js';
import { UsageSketch } from './usage-sketch.js';
import { discreet, structuredCodec, type ValueCodec } from './value-codec.js';
import { Work } from './work.js';
import { WriteQueue } from './write-queue.js';

/** What LMDB answers when its own pages are damaged; lmdb.h. */
const DAMAGED = new Set([-30_797, -30_796, -30_795]);

/** Of its budget a tier writes so much at once: see `WriteQueue`. */
const SHARE_AT_ONCE = 1 / 16;

/** A cache's databases, open: what reading, writing, removing and upkeep share, and how failures are told. */
export class OpenDisk {
  readonly path: string;
  readonly codec: ValueCodec;
  readonly queue: WriteQueue;
  readonly usage = new UsageSketch();
  readonly ghosts: DiskGhosts;
  readonly underWay = new UnderWay();
  /** Tells this instance from others that have the cache open. */
  instance = 0;
  #state: 'open' | 'closing' | 'closed' = 'open';
  #lastTotals: Totals = NO_TOTALS;

  constructor(
    { path, codec = structuredCodec }: DiskOptions,
    readonly context: TierContext,
    readonly environment: CacheEnvironment,
    readonly databases: CacheDatabases,
    public limits: TierLimits,
  ) {
    this.path = path;
    this.codec = discreet(codec);
    this.ghosts = new DiskGhosts(context);
    this.queue = new WriteQueue(
      environment,
      context.clock,
      () => new Work(environment, databases, this.usage, this.instance),
      (work) => this.#committed(work),
      (error) => this.#failure(error),
      () => (this.limits.maxBytes ?? Number.POSITIVE_INFINITY) * SHARE_AT_ONCE,
    );
  }

  get isClosing(): boolean {
    return this.#state !== 'open';
  }

  /** From now on nothing new is begun; walks go on, and it waits for them. */
  beginClosing(): void {
    this.#state = 'closing';
  }

  endClosing(): void {
    this.#state = 'closed';
  }

  mustBeOpen(): void {
    if (this.isClosing) throw this.#closedError();
  }

  /** The same for a walk that was begun before. */
  mustBeRunning(): void {
    if (this.#state === 'closed') throw this.#closedError();
  }

  /** LMDB keeps a read transaction for a while: without this, what another process wrote would be seen late. */
  refresh(): void {
    this.mustBeOpen();
    this.environment.root.resetReadTxn();
  }

  totals(): Totals {
    if (this.#state !== 'closed') {
      this.environment.root.resetReadTxn();
      this.#lastTotals = this.reading(() => readTotals(this.databases.meta, LAYOUT)) ?? this.#lastTotals;
    }
    return this.#lastTotals;
  }

  rowAt(place: Buffer): Row | undefined {
    const bytes = this.reading(() => this.databases.index.getBinary(place));
    if (bytes === undefined) return undefined;
    const row = readRow(place, bytes);
    if (typeof row !== 'string') return row;
    this.unreadable(
      `An entry on disk is ${row === 'corrupt' ? 'damaged' : 'of another version'}; it is a miss.`,
      (work) => work.dropUnreadable(place),
    );
    return undefined;
  }

  infoOf({ key, meta, weight }: Row): EntryInfo {
    return infoOf('disk', key, meta, weight);
  }

  reading<Answer>(read: () => Answer): Answer {
    try {
      return read();
    } catch (error) {
      this.#noticeDamage(error);
      throw new TierUnavailableError(`The disk tier in ${this.path} cannot be read (${messageOf(error)}).`, {
        cause: error,
      });
    }
  }

  /** Tells of what cannot be read, and has it removed. */
  unreadable(message: string, remove: (work: Work) => unknown, cause?: unknown): void {
    this.context.onProblem(new Error(message, { cause }));
    this.queue.do(remove).catch((error: Error) => this.context.onProblem(error));
  }

  #committed({ removed, traces }: Work): void {
    const { recorder } = this.context;
    for (const [cause, count] of removed) recorder.removed(cause, count);
    for (const trace of traces) if ('evicted' in trace) recorder.timeToEviction(trace.ageMs);
    this.ghosts.follow(traces, this.limits);
  }

  async #failure(error: unknown): Promise<Error> {
    this.#noticeDamage(error);
    const { full, message, cause } = await lmdbFailure(error, this.path).catch(() => ({
      full: false,
      message: messageOf(error),
      cause: error,
    }));
    this.#noticeDamage(cause);
    const what = full ? `The disk of ${this.path} is full` : `The disk tier in ${this.path} could not be written`;
    return new TierUnavailableError(`${what} (${message}).`, { cause });
  }

  #noticeDamage(error: unknown): void {
    const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
    if (typeof code === 'number' && DAMAGED.has(code)) markDamaged(this.path);
  }

  #closedError(): TierUnavailableError {
    return new TierUnavailableError(`The disk tier in ${this.path} is closed.`);
  }
}
