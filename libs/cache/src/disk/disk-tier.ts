import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { lmdbFailure } from '#libs/event-log/embedded';
import type { RemovalCause } from '#libs/contracts';
import type { Timer } from '#libs/time';
import { matcher } from '../tier/selection.js';
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
  type TierProblem,
  type TierUsage,
  type Touched,
} from '../tier/tier.js';
import { ChangeReader, joinInstances, leaveInstances } from './change-log.js';
import {
  LAYOUT,
  markDamaged,
  messageOf,
  shareEnvironment,
  type CacheDatabases,
  type CacheEnvironment,
} from './environment.js';
import { endedBefore, idKey, idOfTagKey, tagHash, tagRange } from './keys.js';
import { placeOf, placesOf } from './place.js';
import { draftRow, endOf, openContent, readRow, SMALL, type Row, type RowMeta } from './row.js';
import { NO_TOTALS, readTotals, type Totals } from './totals.js';
import { UsageSketch } from './usage-sketch.js';
import { structuredCodec, type ValueCodec } from './value-codec.js';
import { verifyDatabases } from './verify.js';
import { AGAIN, WriteQueue } from './write-queue.js';
import { hashOf, weightOf, Work, type Write } from './work.js';

export interface DiskOptions {
  /**
   * Directory of the tier; made when it is missing. Several caches, tiers and processes may have it open. It holds nothing
   * but what can be fetched again.
   */
  readonly path: string;
  /** Most that its entries may take of the file, bytes. The file itself may get up to a third larger, and does not shrink. */
  readonly maxBytes: number;
  /** Most entries. Default: no limit. */
  readonly maxEntries?: number;
  /** How values are written down. Default: `structuredCodec`. Entries of another codec are misses. */
  readonly codec?: ValueCodec;
}

/** A tier on disk, on LMDB, to hand to `createCache`. */
export function disk(options: DiskOptions): DiskTier {
  return new DiskTier(options);
}

/** How often it looks for entries whose time is over, ms. */
const SWEEP_MS = 1_000;
/** And so often when somebody listens to what other processes remove. */
const LISTENING_MS = 200;
/** And at the longest, after failures. */
const LONGEST_SWEEP_MS = 60_000;
/** Entries that leave in one transaction beside those that a write makes leave. */
const MOST_AT_ONCE = 256;
/** Writes that wait for the disk may take so many bytes of memory; what comes beyond is rejected. */
const MOST_WAITING_BYTES = 64 * 2 ** 20;
/** Keys of which an outdated entry may be on disk, since removing it failed. */
const MOST_OWED = 10_000;
const CACHE_NAME = /^[\w.-]{1,64}$/;

/** What LMDB answers when its own pages are damaged; lmdb.h. */
const DAMAGED = new Set([-30_797, -30_796, -30_795]);

/** What a key is about to become: an entry, or nothing. */
interface Pending {
  readonly order: number;
  readonly write: Write | undefined;
}

/** A removal of many that is under way: what it selects is not answered any more. */
interface Hiding {
  readonly order: number;
  /** Entries with an id from this on came later; undefined before the removal has begun. */
  limit: number | undefined;
  readonly matches: (info: EntryInfo) => boolean;
}

/** An entry as a walk meets it. */
interface Found {
  readonly place: Buffer;
  readonly row: Row;
}

/**
 * Entries on disk, under a budget that counts what LMDB uses for each. They survive the end of the process, however it
 * comes; a power cut may undo the last transaction. Reads are answered from mapped memory at once, writes are gathered
 * into transactions and resolve when they are on disk. What cannot be read — damaged, cut, of another version — is a
 * miss, told to `onProblem` and removed.
 *
 * Several processes may have one cache open: LMDB lets one write at a time, totals and queues of eviction are on disk, and
 * so each of them keeps its own limits for all. What one removes or overwrites the others hear of within a quarter of a second.
 */
export class DiskTier implements Tier {
  readonly name = 'disk';
  readonly shared = true;
  readonly #options: DiskOptions;
  readonly #codec: ValueCodec;
  #limits: TierLimits;
  readonly #usage = new UsageSketch();
  #context: TierContext | undefined;
  #environment: CacheEnvironment | undefined;
  #databases: CacheDatabases | undefined;
  #release: (() => Promise<void>) | undefined;
  #queue: WriteQueue | undefined;
  #closing: Promise<void> | undefined;
  #lastTotals: Totals = NO_TOTALS;
  #instance = 0;
  #timer: Timer | undefined;

  #order = 0;
  readonly #pending = new Map<string, Pending>();
  readonly #hidings = new Set<Hiding>();
  /** Keys whose entry on disk is outdated, since a write or a removal failed: misses, until it is gone. */
  readonly #owed = new Set<string>();
  #changes: ChangeReader | undefined;
  #listener: ((selection: Selection) => void) | undefined;

  constructor(options: DiskOptions) {
    this.#options = options;
    this.#codec = options.codec ?? structuredCodec;
    const { maxBytes, maxEntries } = options;
    this.#limits = { maxBytes, ...(maxEntries !== undefined && { maxEntries }) };
  }

  async open(context: TierContext): Promise<void> {
    if (this.#context !== undefined)
      throw new Error(`A disk tier belongs to one cache; cache ${context.cache} needs its own.`);
    if (!CACHE_NAME.test(context.cache))
      throw new TypeError(`A cache on disk is named by up to 64 letters, digits and ._-, and not ${context.cache}.`);
    const { environment, release } = shareEnvironment(this.#options.path, context.onProblem);
    try {
      this.#databases = environment.databases(context.cache);
    } catch (error) {
      await release();
      throw error;
    }
    this.#context = context;
    this.#environment = environment;
    this.#release = release;
    this.#queue = new WriteQueue(
      environment,
      context.clock,
      () => new Work(environment, this.#databases!, this.#usage, this.#instance),
      (work) => this.#committed(work),
      (error) => this.#failure(error),
    );
    await this.#join();
    context.recorder.gauges(() => this.usage());
    this.#schedule();
  }

  async get(key: string): Promise<Entry | undefined> {
    this.#refresh();
    return this.#read(key);
  }

  async getMany(keys: readonly string[]): Promise<(Entry | undefined)[]> {
    this.#refresh();
    return keys.map((key) => this.#read(key));
  }

  async set(key: string, entry: Entry): Promise<boolean> {
    this.#mustBeOpen();
    const { recorder, clock } = this.#context!;
    let write: Write;
    try {
      write = this.#encode(key, entry);
    } catch (cause) {
      await this.#removeKey(key, 'replaced');
      throw new TypeError(
        `A value for the disk tier of ${this.#context!.cache} cannot be written down: ${messageOf(cause)}`,
        {
          cause,
        },
      );
    }
    if (!this.#fits(write)) {
      recorder.removed('rejected');
      await this.#removeKey(key, 'replaced');
      return false;
    }
    return this.#pend(key, write, () =>
      this.#queue!.do((work) => {
        // The limits may have been lowered while it waited.
        if (this.#fits(write)) return work.put(write, this.#limits, clock.now(), MOST_AT_ONCE) ?? AGAIN;
        work.drop(write.place, 'replaced');
        return false;
      }, write.draft.bytes.length + write.content.length),
    );
  }

  async remove(
    selection: Selection,
    { cause, dryRun = false }: { readonly cause: RemovalCause; readonly dryRun?: boolean },
  ): Promise<Touched> {
    this.#mustBeOpen();
    if (dryRun) return this.#wouldRemove(selection);
    if ('key' in selection) return this.#removeKey(selection.key, cause);
    if ('all' in selection) return this.#removeAll(cause);
    return this.#removeMany(selection, cause);
  }

  async *entries(): AsyncIterable<EntryInfo> {
    this.#mustBeOpen();
    await this.#queue!.settled();
    for await (const found of this.#walk({ all: true }, Number.POSITIVE_INFINITY))
      for (const { row } of found) yield this.#infoOf(row.key, row.meta, row.weight);
  }

  async explain(key: string): Promise<Stay | undefined> {
    this.#refresh();
    await this.#queue!.settled();
    const place = placeOf(key);
    const row = this.#rowAt(place);
    if (row === undefined || row.key !== key) return undefined;
    const uses = this.#usage.uses(hashOf(place));
    const where = row.queue === SMALL ? 'of what is new' : 'of what was used';
    return {
      bytes: row.weight,
      uses,
      because: `it waits in the queue ${where}, used ${uses} times since it was looked at`,
    };
  }

  usage(): TierUsage & { readonly entries: number; readonly bytes: number } {
    const { entries, bytes } = this.#totals();
    return { entries, bytes, ...this.#limits };
  }

  /** A limit that is left out stays as it is. */
  async resize(limits: TierLimits): Promise<void> {
    this.#mustBeOpen();
    this.#limits = changedLimits(this.#limits, limits);
    await this.#shrink();
  }

  async *verify({ repair }: { readonly repair: boolean }): AsyncIterable<TierProblem> {
    this.#mustBeOpen();
    await this.#queue!.settled();
    yield* verifyDatabases({
      environment: this.#environment!,
      databases: this.#databases!,
      queue: this.#queue!,
      codec: this.#codec,
      now: this.#context!.clock.now(),
      repair,
    });
  }

  /** Lets one process at a time load a key, over all that have the directory open. By the wall clock of this machine. */
  async lock(key: string, ttlMs: number): Promise<(() => Promise<void>) | undefined> {
    this.#mustBeOpen();
    const { locks } = this.#databases!;
    const place = createHash('sha256').update(Buffer.from(key, 'utf16le')).digest();
    const { clock } = this.#context!;
    const token = await this.#queue!.do((work) => {
      const held = locks.getBinary(place);
      const now = clock.now();
      // A clock that was set back makes nobody wait for longer than the lock was meant for.
      if (held !== undefined && held.readDoubleLE(0) > now && held.readDoubleLE(8) <= now) return undefined;
      const token = work.totals.nextId++;
      const value = Buffer.alloc(24);
      value.writeDoubleLE(now + ttlMs, 0);
      value.writeDoubleLE(now, 8);
      value.writeDoubleLE(token, 16);
      void locks.put(place, value);
      return token;
    });
    if (token === undefined) return undefined;
    return () =>
      this.#queue!.do(() => {
        if (locks.getBinary(place)?.readDoubleLE(16) === token) void locks.remove(place);
      });
  }

  onRemoved(listener: (selection: Selection) => void): void {
    this.#listener = listener;
    if (this.#timer !== undefined && this.#closing === undefined) this.#schedule();
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  // ---- opening and closing ----

  async #join(): Promise<void> {
    try {
      this.#instance = await this.#queue!.do((work) => joinInstances(work, this.#databases!, process.pid));
    } catch (error) {
      // A full disk, say: what is there can be read all the same.
      this.#context!.onProblem(error as Error);
    }
    this.#changes = new ChangeReader(this.#databases!, this.#instance, this.#totals());
  }

  async #close(): Promise<void> {
    this.#timer?.cancel();
    if (this.#queue === undefined) return;
    await this.#queue.settled();
    try {
      await this.#queue.do((work) => leaveInstances(work, this.#databases!, this.#instance));
    } catch (error) {
      this.#context!.onProblem(error as Error);
    }
    this.#totals();
    this.#environment = undefined;
    await this.#release!();
  }

  #mustBeOpen(): void {
    if (this.#environment === undefined || this.#closing !== undefined)
      throw new TierUnavailableError(
        `The disk tier in ${this.#options.path} is ${this.#closing ? 'closed' : 'not open yet'}.`,
      );
  }

  /** LMDB keeps a read transaction for a while: without this, what another process wrote would be seen late. */
  #refresh(): void {
    this.#mustBeOpen();
    this.#environment!.root.resetReadTxn();
  }

  // ---- reading ----

  #read(key: string): Entry | undefined {
    const pending = this.#pending.get(key);
    if (pending !== undefined) return this.#pendingEntry(key, pending);
    if (this.#owed.has(key)) return undefined;
    const place = placeOf(key);
    const found = this.#rowAt(place);
    if (found === undefined || found.key !== key || this.#isHidden(found)) return undefined;
    const end = endOf(found.meta);
    if (end !== undefined && end <= this.#context!.clock.now()) return undefined;
    return this.#entryOf(place, found);
  }

  #rowAt(place: Buffer): Row | undefined {
    const bytes = this.#reading(() => this.#databases!.index.getBinary(place));
    if (bytes === undefined) return undefined;
    const row = readRow(place, bytes);
    if (typeof row !== 'string') return row;
    this.#unreadable(
      `An entry on disk is ${row === 'corrupt' ? 'damaged' : 'of another version'}; it is a miss.`,
      (work) => work.dropUnreadable(place),
    );
    return undefined;
  }

  #entryOf(place: Buffer, row: Row): Entry | undefined {
    const content =
      row.content ??
      this.#reading(() => openContent(place, row.id, this.#databases!.contents.getBinary(idKey(row.id))));
    let value: unknown;
    try {
      if (content === undefined) throw new Error('its checksum is another one');
      if (row.codec !== this.#codec.id) throw new Error(`it was written by codec ${row.codec}`);
      if (!row.meta.negative) value = this.#codec.decode(Uint8Array.prototype.slice.call(content) as Uint8Array);
    } catch (cause) {
      this.#unreadable(
        `The value of an entry on disk cannot be read (${messageOf(cause)}); it is a miss.`,
        (work) => work.drop(place, 'invalidated', row.id),
        cause,
      );
      return undefined;
    }
    this.#usage.used(hashOf(place));
    return { value, ...row.meta };
  }

  #pendingEntry(key: string, { order, write }: Pending): Entry | undefined {
    if (write === undefined) return undefined;
    const { meta, weight, content } = write;
    const info = this.#infoOf(key, meta, weight);
    for (const hiding of this.#hidings) if (hiding.order > order && hiding.matches(info)) return undefined;
    return { value: meta.negative ? undefined : this.#codec.decode(Uint8Array.from(content)), ...meta };
  }

  /** Whether a removal selects it that is under way, and was called later than it was written. */
  #isHidden({ id, key, meta, weight }: Row): boolean {
    if (this.#hidings.size === 0) return false;
    const info = this.#infoOf(key, meta, weight);
    // What is on disk while the removal has not begun was written before it was called.
    for (const { limit, matches } of this.#hidings)
      if ((limit === undefined || id < limit) && matches(info)) return true;
    return false;
  }

  #reading<Answer>(read: () => Answer): Answer {
    try {
      return read();
    } catch (error) {
      this.#noticeDamage(error);
      throw new TierUnavailableError(`The disk tier in ${this.#options.path} cannot be read (${messageOf(error)}).`, {
        cause: error,
      });
    }
  }

  #unreadable(message: string, remove: (work: Work) => unknown, cause?: unknown): void {
    this.#context!.onProblem(new Error(message, { cause }));
    this.#queue!.do(remove).catch((error: Error) => this.#context!.onProblem(error));
  }

  #infoOf(key: string, meta: RowMeta, weight: number): EntryInfo {
    const { storedAt, freshMs, staleMs, negative, version, tags } = meta;
    return {
      key,
      tier: this.name,
      bytes: weight,
      storedAt,
      freshMs,
      staleMs,
      negative,
      pinned: false,
      ...(version !== undefined && { version }),
      ...(tags !== undefined && { tags }),
    };
  }

  #totals(): Totals {
    if (this.#environment !== undefined) {
      this.#environment.root.resetReadTxn();
      this.#lastTotals = this.#reading(() => readTotals(this.#databases!.meta, LAYOUT)) ?? this.#lastTotals;
    }
    return this.#lastTotals;
  }

  // ---- writing ----

  #encode(key: string, entry: Entry): Write {
    const { value, ...rest } = entry;
    const meta: RowMeta = rest.tags === undefined ? rest : { ...rest, tags: [...new Set(rest.tags)] };
    const content = meta.negative ? new Uint8Array(0) : this.#codec.encode(value);
    const place = placeOf(key);
    const draft = draftRow(place, key, meta, this.#codec.id, content);
    const weight = weightOf(this.#environment!.pageSize, place, draft, meta, content.length);
    return { key, place, hash: hashOf(place), draft, meta, content, weight };
  }

  #fits({ weight }: Write): boolean {
    const { maxBytes = Number.POSITIVE_INFINITY, maxEntries = 1 } = this.#limits;
    return weight <= maxBytes && maxEntries >= 1 && this.#queue!.bytes + weight <= MOST_WAITING_BYTES;
  }

  /** While a key is written, its reads see what it will be. If that fails, it is a miss until it is gone from the disk. */
  async #pend<Answer>(key: string, write: Pending['write'], begin: () => Promise<Answer>): Promise<Answer> {
    const pending: Pending = { order: ++this.#order, write };
    this.#pending.set(key, pending);
    try {
      const answer = await begin();
      this.#owed.delete(key);
      return answer;
    } catch (error) {
      if (this.#owed.size < MOST_OWED) this.#owed.add(key);
      throw error;
    } finally {
      if (this.#pending.get(key) === pending) this.#pending.delete(key);
    }
  }

  #committed({ removed }: Work): void {
    for (const [cause, count] of removed) this.#context!.recorder.removed(cause, count);
  }

  async #failure(error: unknown): Promise<Error> {
    const { path } = this.#options;
    this.#noticeDamage(error);
    const { full, message, cause } = await lmdbFailure(error, path).catch(() => ({
      full: false,
      message: messageOf(error),
      cause: error,
    }));
    this.#noticeDamage(cause);
    const what = full ? `The disk of ${path} is full` : `The disk tier in ${path} could not be written`;
    return new TierUnavailableError(`${what} (${message}).`, { cause });
  }

  #noticeDamage(error: unknown): void {
    const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
    if (typeof code === 'number' && DAMAGED.has(code)) markDamaged(this.#options.path);
  }

  // ---- removing ----

  #removeKey(key: string, cause: RemovalCause): Promise<Touched> {
    const place = placeOf(key);
    return this.#pend(key, undefined, () =>
      this.#queue!.do((work) => {
        const row = work.drop(place, cause);
        if (row !== undefined) work.told({ key });
        return row === undefined ? NOTHING : { entries: 1, bytes: row.weight };
      }),
    );
  }

  async #removeAll(cause: RemovalCause): Promise<Touched> {
    return this.#hiding(
      () => true,
      (hiding) =>
        this.#queue!.do((work) => {
          hiding.limit = work.totals.nextId;
          work.told({ all: true });
          return work.clear(cause);
        }),
    );
  }

  async #removeMany(
    selection: Exclude<Selection, { key: string } | { all: true }>,
    cause: RemovalCause,
  ): Promise<Touched> {
    const matches = matcher(selection);
    return this.#hiding(
      (info) => {
        try {
          return matches(info);
        } catch {
          // The removal meets it, too, and rejects.
          return false;
        }
      },
      async (hiding) => {
        const told = 'where' in selection;
        // The first part is removed where the removal stands between the writes, so that a later one replaces none of it.
        const first = await this.#queue!.do((work) => {
          hiding.limit = work.totals.nextId;
          if (!('where' in selection)) work.told(selection);
          const part = attempt(() => this.#part(selection, hiding.limit!));
          return 'failed' in part ? part : { ...part, ...dropAll(work, part.found, cause, told) };
        });
        if ('failed' in first) throw first.failed;
        const sum = { entries: first.entries, bytes: first.bytes };
        for await (const found of this.#walk(selection, hiding.limit!, first.next)) {
          const { entries, bytes } = await this.#queue!.do((work) => dropAll(work, found, cause, told));
          sum.entries += entries;
          sum.bytes += bytes;
        }
        return sum;
      },
    );
  }

  async #hiding<Answer>(matches: Hiding['matches'], remove: (hiding: Hiding) => Promise<Answer>): Promise<Answer> {
    const hiding: Hiding = { order: ++this.#order, limit: undefined, matches };
    this.#hidings.add(hiding);
    try {
      return await remove(hiding);
    } finally {
      this.#hidings.delete(hiding);
    }
  }

  async #wouldRemove(selection: Selection): Promise<Touched> {
    const limit = await this.#queue!.do((work) => work.totals.nextId);
    const sum = { entries: 0, bytes: 0 };
    this.#refresh();
    if ('all' in selection) {
      const { entries, bytes } = this.#totals();
      return { entries, bytes };
    }
    if ('key' in selection) {
      const row = this.#rowAt(placeOf(selection.key));
      return row === undefined ? NOTHING : { entries: 1, bytes: row.weight };
    }
    for await (const found of this.#walk(selection, limit)) {
      sum.entries += found.length;
      for (const { row } of found) sum.bytes += row.weight;
    }
    return sum;
  }

  /** What a selection finds of entries with an id below a limit, some at a time, with a pause in between. */
  async *#walk(selection: Selection, limit: number, from: Buffer | 'start' | 'end' = 'start'): AsyncIterable<Found[]> {
    for (let next = from; next !== 'end';) {
      this.#mustBeRunning();
      this.#environment!.root.resetReadTxn();
      const part = this.#part(selection, limit, next);
      if (part.found.length > 0) yield part.found;
      next = part.next;
      if (next !== 'end') await nextTurn();
    }
  }

  /** The part of a walk after a row, and where the next one begins. */
  #part(
    selection: Selection,
    limit: number,
    after: Buffer | 'start' = 'start',
  ): { readonly found: Found[]; readonly next: Buffer | 'end' } {
    const byTag = 'tag' in selection;
    const { index, tags } = this.#databases!;
    const range = byTag ? tagRange(tagHash(selection.tag)) : 'prefix' in selection ? placesOf(selection.prefix) : {};
    const start = after === 'start' ? {} : { start: after, exclusiveStart: true };
    const rows = this.#reading(() => [...(byTag ? tags : index).getRange({ ...range, ...start, limit: MOST_AT_ONCE })]);
    const matches = matcher(selection);
    const found = rows
      .map(({ key, value }) => (byTag ? this.#tagged(key, value) : this.#met(key, value)))
      .filter((one) => one !== undefined)
      .filter(({ row }) => row.id < limit && matches(this.#infoOf(row.key, row.meta, row.weight)));
    return { found, next: rows.length < MOST_AT_ONCE ? 'end' : rows.at(-1)!.key };
  }

  #met(place: Buffer, bytes: Buffer): Found | undefined {
    const row = readRow(place, bytes);
    return typeof row === 'string' ? undefined : { place, row };
  }

  #tagged(key: Buffer, place: Buffer): Found | undefined {
    const bytes = this.#databases!.index.getBinary(place);
    const found = bytes === undefined ? undefined : this.#met(place, bytes);
    return found?.row.id === idOfTagKey(key) ? found : undefined;
  }

  /** Walks go on while it is closing; it waits for them. */
  #mustBeRunning(): void {
    if (this.#environment === undefined) this.#mustBeOpen();
  }

  // ---- in the background ----

  async #shrink(): Promise<void> {
    const { clock } = this.#context!;
    let done = false;
    while (!done) done = await this.#queue!.do((work) => work.makeRoom(this.#limits, clock.now(), MOST_AT_ONCE));
  }

  #schedule(delayMs = this.#listener === undefined ? SWEEP_MS : LISTENING_MS): void {
    const again = (nextMs?: number) => {
      if (this.#closing === undefined) this.#schedule(nextMs);
    };
    this.#timer?.cancel();
    this.#timer = this.#context!.clock.setTimer(
      () =>
        void this.#sweep().then(
          () => again(),
          (error: Error) => {
            if (this.#closing === undefined) this.#context!.onProblem(error);
            again(Math.min(2 * delayMs, LONGEST_SWEEP_MS));
          },
        ),
      delayMs,
      { unref: true },
    );
  }

  async #sweep(): Promise<void> {
    const totals = this.#totals();
    for (const selection of this.#changes!.read(totals)) this.#listener?.(selection);
    for (const key of this.#owed) if (!this.#pending.has(key)) await this.#removeKey(key, 'invalidated');
    const { clock } = this.#context!;
    while (this.#closing === undefined && this.#hasEnded(clock.now()))
      await this.#queue!.do((work) => work.expire(clock.now(), MOST_AT_ONCE));
    const { maxBytes = Number.POSITIVE_INFINITY, maxEntries = Number.POSITIVE_INFINITY } = this.#limits;
    if (totals.bytes > maxBytes || totals.entries > maxEntries) await this.#shrink();
  }

  #hasEnded(now: number): boolean {
    const { ends } = this.#databases!;
    this.#refresh();
    return [...ends.getKeys({ ...endedBefore(now), limit: 1 })].length > 0;
  }
}

const NOTHING: Touched = { entries: 0, bytes: 0 };

function attempt<Answer>(work: () => Answer): Answer | { readonly failed: unknown } {
  try {
    return work();
  } catch (failed) {
    return { failed };
  }
}

function dropAll(
  work: Work,
  found: readonly Found[],
  cause: RemovalCause,
  tells: boolean,
): { entries: number; bytes: number } {
  const sum = { entries: 0, bytes: 0 };
  for (const { place, row } of found) {
    if (work.drop(place, cause, row.id) === undefined) continue;
    if (tells) work.told({ key: row.key });
    sum.entries++;
    sum.bytes += row.weight;
  }
  return sum;
}
