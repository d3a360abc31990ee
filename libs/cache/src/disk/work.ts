import { crc32 } from 'node:zlib';
import type { RemovalCause } from '#libs/contracts';
import type { TierLimits } from '../tier/tier.js';
import { changeKey, encodeChange, trimChanges, type ToldSelection } from './change-log.js';
import { LAYOUT, type CacheDatabases, type CacheEnvironment } from './environment.js';
import { footprint } from './footprint.js';
import {
  END_KEY_BYTES,
  endedBefore,
  endKey,
  endOfKey,
  idKey,
  ORDER_VALUE_BYTES,
  orderKey,
  orderValue,
  queueRange,
  readOrder,
  TAG_KEY_BYTES,
  tagHash,
  tagKey,
  type Waiting,
} from './keys.js';
import {
  endOf,
  INLINE_BYTES,
  MAIN,
  moved,
  readRow,
  SEAL_BYTES,
  sealContent,
  SMALL,
  withPosition,
  type Queue,
  type Row,
  type RowDraft,
  type RowMeta,
} from './row.js';
import { readTotals, writeTotals, type Totals } from './totals.js';
import type { UsageSketch } from './usage-sketch.js';

/** An entry about to be written, encoded when it was handed in. */
export interface Write {
  readonly key: string;
  readonly place: Buffer;
  /** 32 bits, of the place. */
  readonly hash: number;
  readonly draft: RowDraft;
  readonly meta: RowMeta;
  readonly content: Uint8Array;
  readonly weight: number;
}

/** An entry that was evicted; it could be answered until that time, ms since 1970. */
export interface Evicted {
  readonly evicted: string;
  readonly bytes: number;
  readonly ageMs: number;
  readonly until: number;
}

/** What became of a key, or of all: it was evicted, or else written or removed. */
export type Trace = Evicted | { readonly key: string } | { readonly all: true };

/** What a transaction did, to be told when it is on disk. */
export interface Outcome {
  readonly removed: ReadonlyMap<RemovalCause, number>;
  /** In the order in which it was done. */
  readonly traces: readonly Trace[];
}

/** Share of the bytes that entries have to prove themselves in, as S3-FIFO's paper has it. */
const SMALL_SHARE = 0.1;
/** Entries looked at in a queue at a time. */
const LOOKED_AHEAD = 8;
/** Entries that leave in one transaction beside those that a write makes leave. */
export const MOST_AT_ONCE = 256;
/** Entries that may move on for having been used, before one leaves all the same. */
const MOST_MOVES = 16;

/** What entries are told apart by in memory, 32 bits. */
export function hashOf(place: Buffer): number {
  return crc32(place);
}

/** Bytes of the file that an entry counts for, in all databases. */
export function weightOf(
  pageSize: number,
  place: Buffer,
  draft: RowDraft,
  meta: RowMeta,
  contentBytes: number,
): number {
  let weight =
    footprint(pageSize, place.length, draft.bytes.length, 'anywhere') +
    footprint(pageSize, 7, ORDER_VALUE_BYTES + place.length, 'at-end');
  if (contentBytes > INLINE_BYTES) weight += footprint(pageSize, 6, SEAL_BYTES + contentBytes, 'at-end');
  if (endOf(meta) !== undefined) weight += footprint(pageSize, END_KEY_BYTES, place.length, 'anywhere');
  for (const _ of new Set(meta.tags)) weight += footprint(pageSize, TAG_KEY_BYTES, place.length, 'anywhere');
  return weight;
}

/**
 * What is done to one cache in one write transaction. Nothing of it is to be told before the transaction is on disk, and
 * nothing happened if it fails. LMDB has one such transaction at a time over all processes, so that totals and limits hold
 * whoever writes.
 */
export class Work implements Outcome {
  readonly totals: Totals;
  readonly removed = new Map<RemovalCause, number>();
  readonly traces: Trace[] = [];
  readonly #databases: CacheDatabases;
  readonly #usage: UsageSketch;
  /** What is next in each queue, read a few at a time; what left since is skipped. */
  readonly #heads: [Waiting[], Waiting[]] = [[], []];
  readonly #instance: number;
  #noneEndsBefore = 0;

  constructor(environment: CacheEnvironment, databases: CacheDatabases, usage: UsageSketch, instance: number) {
    this.#databases = databases;
    this.#usage = usage;
    this.#instance = instance;
    const totals = readTotals(databases.meta, LAYOUT);
    if (totals === undefined) throw new Error(`The totals of the cache in ${environment.path} are gone.`);
    this.totals = totals;
  }

  /** To be called last. */
  finish(): void {
    writeTotals(this.#databases.meta, LAYOUT, this.totals);
  }

  /**
   * Writes an entry, over an older one of its key. Evicts what it has to; undefined when that were more than `mostEvicted`
   * entries, and it is to be called again in another transaction. The weight is within the limits.
   */
  put(write: Write, limits: TierLimits, now: number, mostEvicted: number): true | undefined {
    const { place, weight, draft, meta, content } = write;
    const older = this.rowAt(place);
    if (older !== undefined) {
      if (typeof older !== 'string') this.#unlink(older);
      this.#count('replaced');
      this.#usage.used(write.hash);
    }
    this.told({ key: write.key });
    if (!this.makeRoom(limits, now, mostEvicted, 1, weight)) {
      if (older !== undefined) void this.#databases.index.remove(place);
      return undefined;
    }
    const id = this.totals.nextId++;
    const queue = this.#queueFor(write, older);
    void this.#databases.index.put(place, withPosition(draft, { id, queue, seq: id, weight }));
    void this.#databases.order.put(orderKey(queue, id), orderValue(id, weight, place));
    if (content.length > INLINE_BYTES) void this.#databases.contents.put(idKey(id), sealContent(place, id, content));
    const end = endOf(meta);
    if (end !== undefined) {
      void this.#databases.ends.put(endKey(end, id), place);
      this.#noneEndsBefore = Math.min(this.#noneEndsBefore, end);
    }
    for (const tag of meta.tags ?? []) void this.#databases.tags.put(tagKey(tagHash(tag), id), place);
    this.#add(queue, 1, weight);
    this.traces.push({ key: write.key });
    return true;
  }

  /** For a write that is not kept: an older entry of its key is gone all the same. */
  reject({ place, key }: Write): false {
    this.drop(place, 'replaced');
    this.#count('rejected');
    this.told({ key });
    this.traces.push({ key });
    return false;
  }

  /** Removes the entry at a place; with an id, only if it is still that one. Says what it was, or undefined. */
  drop(place: Buffer, cause: RemovalCause, id?: number): Row | undefined {
    const row = this.rowAt(place);
    if (row === undefined) return undefined;
    if (typeof row === 'string') {
      // What is beside it is found, and taken off the totals, when its turn in the queue comes.
      if (id === undefined) this.dropUnreadable(place);
      return undefined;
    }
    if (id !== undefined && row.id !== id) return undefined;
    this.#unlink(row);
    void this.#databases.index.remove(place);
    this.#count(cause);
    return row;
  }

  /** Removes what stands at a place if it cannot be read. */
  dropUnreadable(place: Buffer): boolean {
    if (typeof this.rowAt(place) !== 'string') return false;
    void this.#databases.index.remove(place);
    this.#count('invalidated');
    return true;
  }

  /** Removes everything, and says how much it was. */
  clear(cause: RemovalCause): { entries: number; bytes: number } {
    const { entries, bytes } = this.totals;
    const { index, contents, order, ends, tags } = this.#databases;
    for (const database of [index, contents, order, ends, tags]) database.clearSync();
    this.totals.entries = this.totals.bytes = this.totals.smallBytes = 0;
    this.#heads[SMALL] = [];
    this.#heads[MAIN] = [];
    this.#count(cause, entries);
    this.traces.push({ all: true });
    return { entries, bytes };
  }

  /** Evicts until so much more is within the limits; false when that were more than `most` entries. */
  makeRoom(limits: TierLimits, now: number, most: number, entries = 0, bytes = 0): boolean {
    const maxEntries = (limits.maxEntries ?? Number.POSITIVE_INFINITY) - entries;
    const maxBytes = (limits.maxBytes ?? Number.POSITIVE_INFINITY) - bytes;
    for (let evicted = 0; this.totals.entries > maxEntries || this.totals.bytes > maxBytes; evicted++) {
      if (evicted >= most) return false;
      if (!this.#expireOne(now) && !this.#evict(limits, now)) {
        // Nothing is left to go: what is still counted was miscounted.
        this.totals.entries = this.totals.bytes = this.totals.smallBytes = 0;
      }
    }
    return true;
  }

  /** Removes up to `most` entries whose time is over, and says how many it looked at. */
  expire(now: number, most: number): number {
    const { ends } = this.#databases;
    const due = [...ends.getRange({ ...endedBefore(now), limit: most })];
    for (const { key, value: place } of due) {
      if (this.drop(place, 'expired', endOfKey(key).id) === undefined) void ends.remove(key);
    }
    return due.length;
  }

  /** Asked before each eviction, and so only as long as the answer is not known. */
  #expireOne(now: number): boolean {
    if (this.#noneEndsBefore > now) return false;
    if (this.expire(now, 1) > 0) return true;
    const [first] = this.#databases.ends.getKeys({ limit: 1 });
    this.#noneEndsBefore = first === undefined ? Number.POSITIVE_INFINITY : endOfKey(first).end;
    return false;
  }

  /**
   * Tells the other instances that have the cache open of what is gone or overwritten; also when nothing was there to go:
   * tiers above theirs may hold what was evicted here.
   */
  told(selection: ToldSelection): void {
    if (this.totals.instances < 2) return;
    const number = this.totals.nextChange++;
    void this.#databases.changes.put(changeKey(number), encodeChange(this.#instance, selection));
    trimChanges(this.#databases.changes, number);
  }

  rowAt(place: Buffer): Row | 'corrupt' | 'older-format' | undefined {
    const bytes = this.#databases.index.getBinary(place);
    return bytes === undefined ? undefined : readRow(place, bytes);
  }

  /** S3-FIFO: entries come to the small queue, and get to the main one by being used there, or by coming back soon. */
  #queueFor(write: Write, older: Row | string | undefined): Queue {
    if (typeof older === 'object') return older.queue;
    if (this.#usage.leftLately(write.hash, this.totals.entries)) return MAIN;
    this.#usage.forget(write.hash);
    return SMALL;
  }

  /** Removes the entry that is worth least; false when there is none. */
  #evict({ maxBytes }: TierLimits, now: number): boolean {
    for (let moves = 0; ;) {
      const budget = Math.min(maxBytes ?? Number.POSITIVE_INFINITY, this.totals.bytes);
      const mainIsEmpty = this.totals.smallBytes >= this.totals.bytes;
      const first: Queue = mainIsEmpty || this.totals.smallBytes > SMALL_SHARE * budget ? SMALL : MAIN;
      const waiting = this.#head(first) ?? this.#head(first === SMALL ? MAIN : SMALL);
      if (waiting === undefined) return false;
      const { place, queue } = waiting;
      const bytes = this.#databases.index.getBinary(place);
      const row = bytes === undefined ? undefined : readRow(place, bytes);
      if (typeof row !== 'object' || row.seq !== waiting.seq) {
        // Damage: its entry is gone or unreadable. With its turn, what was counted of it is free again.
        this.takeOff(waiting);
        if (typeof row === 'string') this.dropUnreadable(place);
        return true;
      }
      const hash = hashOf(place);
      const stays = this.#usage.uses(hash) > (queue === SMALL ? 1 : 0);
      if (stays && moves < MOST_MOVES) {
        moves++;
        this.#usage.spend(hash);
        this.#move(waiting, bytes!);
      } else {
        if (queue === SMALL) this.#usage.left(hash);
        this.#usage.forget(hash);
        this.#unlink(row);
        void this.#databases.index.remove(place);
        this.#count('evicted');
        this.traces.push(evictedOf(row, now));
        return true;
      }
    }
  }

  #head(queue: Queue): Waiting | undefined {
    const heads = this.#heads[queue];
    for (;;) {
      const next = heads.shift();
      if (next === undefined) {
        const range = this.#databases.order.getRange({ ...queueRange(queue), limit: LOOKED_AHEAD });
        heads.push(...range.map(({ key, value }) => readOrder(key, value)));
        if (heads.length === 0) return undefined;
      } else if (this.#databases.order.doesExist(orderKey(queue, next.seq))) return next;
    }
  }

  #move({ queue, seq, id, weight, place }: Waiting, bytes: Buffer): void {
    const to = this.totals.nextId++;
    void this.#databases.order.remove(orderKey(queue, seq));
    void this.#databases.order.put(orderKey(MAIN, to), orderValue(id, weight, place));
    void this.#databases.index.put(place, moved(place, bytes, MAIN, to));
    if (queue === SMALL) this.totals.smallBytes -= weight;
  }

  /** Removes what stands of an entry beside the index. */
  #unlink(row: Row): void {
    const { order, contents, ends, tags } = this.#databases;
    if (order.removeSync(orderKey(row.queue, row.seq))) this.#add(row.queue, -1, -row.weight);
    if (row.content === undefined) void contents.remove(idKey(row.id));
    const end = endOf(row.meta);
    if (end !== undefined) void ends.remove(endKey(end, row.id));
    for (const tag of row.meta.tags ?? []) void tags.remove(tagKey(tagHash(tag), row.id));
  }

  /** Removes a place in a queue whose entry is gone, and what was counted of it. */
  takeOff({ queue, seq, id, weight }: Waiting): void {
    if (this.#databases.order.removeSync(orderKey(queue, seq))) this.#add(queue, -1, -weight);
    void this.#databases.contents.remove(idKey(id));
  }

  #add(queue: Queue, entries: number, weight: number): void {
    this.totals.entries += entries;
    this.totals.bytes += weight;
    if (queue === SMALL) this.totals.smallBytes += weight;
  }

  #count(cause: RemovalCause, count = 1): void {
    if (count > 0) this.removed.set(cause, (this.removed.get(cause) ?? 0) + count);
  }
}

function evictedOf({ key, weight, meta }: Row, now: number): Evicted {
  // A clock that went back makes nothing younger than new.
  const ageMs = Math.max(0, now - meta.storedAt);
  return { evicted: key, bytes: weight, ageMs, until: endOf(meta) ?? Number.POSITIVE_INFINITY };
}
