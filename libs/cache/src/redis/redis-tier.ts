import { randomBytes } from 'node:crypto';
import type { RemovalCause } from '#libs/contracts';
import type { Timer } from '#libs/time';
import { endOf, type RowMeta } from '../disk/row.js';
import { structuredCodec, type ValueCodec } from '../disk/value-codec.js';
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
import { Debts } from './debts.js';
import { fromBytes, toBytes } from './key-bytes.js';
import { RedisLink, type Argument, type Reply } from './link.js';
import { encodeRow, readHead, readRow } from './row.js';
import * as scripts from './scripts.js';

export interface RedisOptions {
  /**
   * `redis://[user[:password]@]host[:port][/database]`, or `rediss://` for TLS. The user needs the commands of strings,
   * hashes, lists, sorted sets, scripts and the channel; `CLIENT KILL` too, so that a connection that was given up does
   * nothing late.
   */
  readonly url: string;
  /**
   * Most bytes that the entries of this cache may take, over all instances: what they were weighed at, which is near what the
   * server needs for them, indexes and all. Default: no limit but the server's own.
   */
  readonly maxBytes?: number;
  /** Most entries. Default: no limit. */
  readonly maxEntries?: number;
  /** How values are written down. Default: `structuredCodec`. Entries of another codec are misses. */
  readonly codec?: ValueCodec;
  /** A command that is not answered within it fails, ms. Default 1,000. */
  readonly commandTimeoutMs?: number;
  /** An attempt to connect fails after it, ms. Default 2,000. */
  readonly connectTimeoutMs?: number;
  /** Commands without an answer, in a row, after which the server counts as away. Default 3. */
  readonly failuresToOpen?: number;
  /** While it is away, attempts come up to so long after each other, ms: from 100 on, doubled, by chance. Default 10,000. */
  readonly longestRetryMs?: number;
}

/** A tier on a Redis server (7 or newer, or one that speaks as it does), to hand to `createCache`. */
export function redis(options: RedisOptions): RedisTier {
  return new RedisTier(options);
}

const TIDY_MS = 1_000;
const MOST_WAITING = 10_000;
const MOST_WAITING_BYTES = 64 * 2 ** 20;
/** Entries whose values are checked at once. */
const CHECKED_AT_ONCE = 32;
/** Keys asked for in one command. */
const ASKED_AT_ONCE = 256;
const GENERATION_BYTES = 16;
const CACHE_NAME = /^[\w.-]{1,64}$/;

/**
 * What an entry costs the server beside the bytes of its key, tags and row: with these, the weight of 20,000 entries was
 * within 10 % of the growth of `used_memory` (Redis 7.0, keys of 20 and 100 bytes, with and without an end and two tags).
 */
const ENTRY_OVERHEAD_BYTES = 430;
const END_OVERHEAD_BYTES = 170;
const TAG_OVERHEAD_BYTES = 120;
/** The name of the entry and three indexes hold the key. */
const KEY_COPIES = 4;

/** A removal of many that is under way: what it selects is not answered any more, unless it was written later. */
interface Hiding {
  readonly matches: (info: EntryInfo) => boolean;
  readonly writtenLater: Set<string>;
}

interface Met {
  readonly info: EntryInfo;
  readonly bytes: Buffer;
  readonly id: Buffer;
  readonly there: boolean;
  readonly unreadable: 'corrupt' | 'older-format' | undefined;
}

/**
 * Entries on a Redis server, shared by all instances of a cache. A read is one command; a write or a removal is a script,
 * which changes the entry, the indexes and the totals at once, and tells the other instances.
 *
 * While the server is away every call rejects at once with `TierUnavailableError`, and a call that it leaves without an
 * answer after `commandTimeoutMs`. What should have been removed or overwritten meanwhile is remembered, and removed before
 * anything else is read when the server is back; it is forgotten when the process ends first. Then, too, `onRemoved` tells that
 * everything may have changed, since messages were lost.
 *
 * `usage` is as of the last answer, at most a second old while the server is there.
 */
export class RedisTier implements Tier {
  readonly name = 'redis';
  readonly shared = true;
  readonly #options: RedisOptions;
  readonly #codec: ValueCodec;
  readonly #instance = randomBytes(8).toString('hex');
  readonly #debts = new Debts();
  readonly #hidings = new Set<Hiding>();
  #limits: TierLimits;
  #context: TierContext | undefined;
  #link: RedisLink | undefined;
  #base = '';
  #usage = { entries: 0, bytes: 0 };
  #ups = 0;
  #gate: Promise<void> | undefined;
  readonly #underWay = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;
  #timer: Timer | undefined;
  #listener: ((selection: Selection) => void) | undefined;
  #heard: Selection[] = [];

  constructor(options: RedisOptions) {
    this.#options = options;
    this.#codec = options.codec ?? structuredCodec;
    const { maxBytes, maxEntries } = options;
    this.#limits = { ...(maxBytes !== undefined && { maxBytes }), ...(maxEntries !== undefined && { maxEntries }) };
  }

  async open(context: TierContext): Promise<void> {
    const { cache, clock, random, recorder, onProblem } = context;
    if (this.#context !== undefined)
      throw new Error(`A Redis tier belongs to one cache; cache ${cache} needs its own.`);
    if (!CACHE_NAME.test(cache))
      throw new TypeError(`A cache on Redis is named by up to 64 letters, digits and ._-, and not ${cache}.`);
    const {
      url,
      commandTimeoutMs = 1_000,
      connectTimeoutMs = 2_000,
      failuresToOpen = 3,
      longestRetryMs = 10_000,
    } = this.#options;
    this.#link = new RedisLink(
      {
        url,
        commandTimeoutMs,
        connectTimeoutMs,
        circuit: { failuresToOpen, minDelayMs: 20, baseMs: 100, capMs: longestRetryMs },
        mostWaiting: MOST_WAITING,
        mostWaitingBytes: MOST_WAITING_BYTES,
      },
      {
        clock,
        random,
        onProblem,
        onUp: () => this.#isUp(),
        onMessage: (message) => this.#hear(message),
      },
    );
    this.#context = context;
    this.#base = `{${cache}}:`;
    if (this.#listener !== undefined) void this.#link.subscribe(`${this.#base}c`);
    await this.#link.start();
    if (this.#link.isUp) await this.#tidy().catch(onProblem);
    recorder.gauges(() => this.usage());
    this.#schedule();
  }

  async get(key: string): Promise<Entry | undefined> {
    this.#mustBeOpen();
    return (await this.#inOrder(() => this.#read([key])))[0];
  }

  async getMany(keys: readonly string[]): Promise<(Entry | undefined)[]> {
    this.#mustBeOpen();
    if (keys.length === 0) return [];
    const parts: (readonly string[])[] = [];
    for (let from = 0; from < keys.length; from += ASKED_AT_ONCE) parts.push(keys.slice(from, from + ASKED_AT_ONCE));
    const answers = await this.#inOrder(() => Promise.all(parts.map((part) => this.#read(part))));
    return answers.flat();
  }

  async set(key: string, entry: Entry): Promise<boolean> {
    this.#mustBeOpen();
    const bytes = toBytes(key);
    const { value, ...rest } = entry;
    const tags = rest.tags === undefined ? [] : [...new Set(rest.tags)];
    const meta: RowMeta = rest.tags === undefined ? rest : { ...rest, tags };
    let row: Buffer;
    try {
      row = encodeRow(bytes, meta, this.#codec.id, meta.negative ? new Uint8Array(0) : this.#codec.encode(value));
    } catch (cause) {
      await this.#removeKey(key, 'replaced');
      throw new TypeError(
        `A value for the Redis tier of ${this.#context!.cache} cannot be written down: ${messageOf(cause)}`,
        { cause },
      );
    }
    const tagBytes = tags.map(toBytes);
    const end = endOf(meta);
    const args = [
      bytes,
      row,
      end === undefined ? '' : String(Math.max(1, Math.ceil(end - this.#context!.clock.now()))),
      String(weightOf(bytes, row, tagBytes, end !== undefined)),
    ];
    return this.#inOrder(async () => {
      for (const { writtenLater } of this.#hidings) writtenLater.add(key);
      const { maxBytes, maxEntries } = this.#limits;
      const limits = [maxBytes, maxEntries].map((limit) => (limit === undefined ? '' : String(limit)));
      const [kept] = await this.#write({ key }, () =>
        this.#run(scripts.PUT, [this.#instance, ...args, ...limits, ...tagBytes]),
      );
      if (kept !== 1) this.#context!.recorder.removed('rejected');
      return kept === 1;
    });
  }

  async remove(
    selection: Selection,
    { cause, dryRun = false }: { readonly cause: RemovalCause; readonly dryRun?: boolean },
  ): Promise<Touched> {
    this.#mustBeOpen();
    if (dryRun) return this.#inOrder(() => this.#wouldRemove(selection));
    if ('key' in selection) return this.#removeKey(selection.key, cause);
    if ('all' in selection) return this.#removeAll(cause);
    if ('where' in selection) return this.#removeWhere(selection, cause);
    return this.#removeRange(selection, cause);
  }

  async *entries(): AsyncIterable<EntryInfo> {
    this.#mustBeOpen();
    for await (const page of this.#walk({ all: true })) for (const { info, there } of page) if (there) yield info;
  }

  async explain(key: string): Promise<Stay | undefined> {
    this.#mustBeOpen();
    const name = Buffer.concat([Buffer.from(`${this.#base}e:`), toBytes(key)]);
    const idle = await this.#track(this.#link!.send(['OBJECT', 'IDLETIME', name], { writes: false }));
    for await (const page of this.#walk({ key })) {
      const met = page.find(({ info, there }) => there && info.key === key);
      if (met === undefined) return undefined;
      const idleMs = typeof idle === 'number' ? idle * 1_000 : undefined;
      const because =
        idleMs === undefined
          ? 'the server has not had to evict it'
          : `unused for ${idleMs / 1_000} s; what was used since it was queued gets another turn`;
      return { bytes: met.info.bytes, ...(idleMs !== undefined && { idleMs }), because };
    }
    return undefined;
  }

  usage(): TierUsage & { readonly entries: number; readonly bytes: number } {
    return { ...this.#usage, ...this.#limits };
  }

  /** A limit that is left out stays as it is. Each instance keeps its own limits for all. */
  async resize(limits: TierLimits): Promise<void> {
    this.#mustBeOpen();
    this.#limits = changedLimits(this.#limits, limits);
    await this.#inOrder(async () => {
      while (await this.#tidy());
    });
  }

  async *verify({ repair }: { readonly repair: boolean }): AsyncIterable<TierProblem> {
    this.#mustBeOpen();
    const before = await this.#lastId();
    let bytes = 0;
    for await (const page of this.#walk({ all: true })) {
      for (const met of page) bytes += met.info.bytes;
      for (let from = 0; from < page.length; from += CHECKED_AT_ONCE)
        yield* this.#check(page.slice(from, from + CHECKED_AT_ONCE), repair);
    }
    // Only what nobody wrote to meanwhile can be counted.
    const [wrong] = repair
      ? await this.#run(scripts.RECOUNT, [before, String(bytes), '1'])
      : await this.#run(scripts.RECOUNT, [before, String(bytes), '0']);
    if (wrong === 1)
      yield { tier: this.name, problem: 'miscounted', message: 'The bytes of all entries are not what was counted.' };
  }

  /** Lets one instance at a time load a key, by the clock of the server. A server that is started anew forgets its locks. */
  async lock(key: string, ttlMs: number): Promise<(() => Promise<void>) | undefined> {
    this.#mustBeOpen();
    const name = `${this.#base}l:`;
    const place = Buffer.concat([Buffer.from(name), toBytes(key)]);
    const token = randomBytes(16).toString('hex');
    const px = String(Math.max(1, Math.ceil(ttlMs)));
    const done = await this.#track(this.#link!.send(['SET', place, token, 'NX', 'PX', px], { writes: false }));
    if (done === null) return undefined;
    return async () => {
      await this.#track(this.#link!.send(['EVAL', scripts.UNLOCK.text, '1', place, token], { writes: false }));
    };
  }

  /** Calls back after the answers that came before the message, so that what they filled is dropped, too. */
  onRemoved(listener: (selection: Selection) => void): void {
    const first = this.#listener === undefined;
    this.#listener = listener;
    // What was told while nobody listened is not known.
    if (first && this.#link !== undefined)
      void this.#link.subscribe(`${this.#base}c`).then(() => this.#pass({ all: true }));
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#timer?.cancel();
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
    await this.#link?.close();
  }

  #mustBeOpen(): void {
    if (this.#link === undefined || this.#closing !== undefined)
      throw new TierUnavailableError(`The Redis tier is ${this.#closing ? 'closed' : 'not open yet'}.`);
  }

  // ---- asking ----

  /** Begins when what was called before has been sent. Only a removal by predicate makes others wait. */
  #inOrder<Answer>(begin: () => Promise<Answer>): Promise<Answer> {
    return this.#track(this.#gate === undefined ? begin() : this.#gate.then(begin));
  }

  #track<Answer>(promise: Promise<Answer>): Promise<Answer> {
    this.#underWay.add(promise);
    const done = () => void this.#underWay.delete(promise);
    promise.then(done, done);
    return promise;
  }

  /** A script's own answers, after the counts that each of them gives. */
  async #run(script: scripts.Script, args: readonly Argument[]): Promise<readonly Reply[]> {
    const [entries, bytes, expired, evicted, replaced, ...answers] = (await this.#link!.run(script, this.#base, args, {
      writes: true,
    })) as readonly Reply[];
    this.#usage = { entries: Number(entries), bytes: Number(bytes) };
    const { recorder } = this.#context!;
    if (Number(expired) > 0) recorder.removed('expired', Number(expired));
    if (Number(evicted) > 0) recorder.removed('evicted', Number(evicted));
    if (Number(replaced) > 0) recorder.removed('replaced', Number(replaced));
    return answers;
  }

  /** What cannot be done now is owed: what it was for is not answered until it is removed. */
  async #write<Answer>(selection: Selection, write: () => Promise<Answer>): Promise<Answer> {
    try {
      const answer = await write();
      if ('key' in selection) this.#debts.paid(selection.key);
      return answer;
    } catch (error) {
      this.#debts.owe(selection);
      throw error;
    }
  }

  // ---- reading ----

  async #read(keys: readonly string[]): Promise<(Entry | undefined)[]> {
    const hidings = [...this.#hidings].map((hiding) => ({ hiding, writtenLater: new Set(hiding.writtenLater) }));
    const places = keys.map((key) => toBytes(key));
    const entry = `${this.#base}e:`;
    const names = places.map((place) => Buffer.concat([Buffer.from(entry), place]));
    const [generation, ...rows] = (await this.#link!.send(['MGET', `${this.#base}g`, ...names], {
      writes: false,
    })) as readonly (Buffer | null)[];
    return keys.map((key, i) => {
      const row = current(generation ?? null, rows[i] ?? null);
      if (row === undefined) return undefined;
      const hides = ({ hiding, writtenLater }: (typeof hidings)[number]) => !writtenLater.has(key) && hiding.matches;
      const hidden = hidings.map(hides).filter((matches) => matches !== false);
      return this.#entryOf(key, places[i]!, row, hidden);
    });
  }

  #entryOf(
    key: string,
    place: Buffer,
    bytes: Buffer,
    hidden: readonly ((info: EntryInfo) => boolean)[],
  ): Entry | undefined {
    const row = readRow(place, bytes);
    if (typeof row === 'string')
      return this.#unreadable(key, row === 'corrupt' ? 'its checksum is another one' : 'it is of another version');
    if (hidden.length > 0 || !this.#debts.none) {
      const info = this.#infoOf(key, row.meta, 0);
      if (hidden.some((matches) => matches(info)) || this.#debts.hides(info)) return undefined;
    }
    if (row.meta.negative) return { value: undefined, ...row.meta };
    try {
      if (row.codec !== this.#codec.id) throw new Error(`it was written by codec ${row.codec}`);
      return { value: this.#codec.decode(Uint8Array.prototype.slice.call(row.content) as Uint8Array), ...row.meta };
    } catch (cause) {
      return this.#unreadable(key, messageOf(cause));
    }
  }

  /** It goes, so that it is not met again. */
  #unreadable(key: string, why: string): undefined {
    this.#context!.onProblem(new Error(`An entry on Redis cannot be read (${why}); it is a miss.`));
    if (this.#closing === undefined) this.#removeKey(key, 'invalidated').catch(this.#context!.onProblem);
  }

  #infoOf(key: string, meta: RowMeta, bytes: number): EntryInfo {
    const { storedAt, freshMs, staleMs, negative, version, tags } = meta;
    return {
      key,
      tier: this.name,
      bytes,
      storedAt,
      freshMs,
      staleMs,
      negative,
      pinned: false,
      ...(version !== undefined && { version }),
      ...(tags !== undefined && { tags }),
    };
  }

  // ---- removing ----

  #removeKey(key: string, cause: RemovalCause): Promise<Touched> {
    return this.#inOrder(() =>
      this.#write({ key }, async () => {
        const [entries, bytes] = await this.#run(scripts.REMOVE_KEY, [this.#instance, toBytes(key)]);
        return this.#removed(cause, { entries: Number(entries), bytes: Number(bytes) });
      }),
    );
  }

  #removeAll(cause: RemovalCause): Promise<Touched> {
    return this.#inOrder(() =>
      this.#write({ all: true }, async () => {
        const [entries, bytes] = await this.#run(scripts.REMOVE_ALL, [this.#instance]);
        this.#debts.forgive();
        return this.#removed(cause, { entries: Number(entries), bytes: Number(bytes) });
      }),
    );
  }

  #removeRange(
    selection: { readonly tag: string } | { readonly prefix: string },
    cause: RemovalCause,
  ): Promise<Touched> {
    return this.#inOrder(() =>
      this.#write(selection, () =>
        this.#hiding(matcher(selection), async () => {
          const { index, skipped, from, to } = rangeOf(selection);
          const told = 'tag' in selection ? ['t', toBytes(selection.tag)] : ['p', toBytes(selection.prefix)];
          const message = Buffer.concat(told.map((part) => Buffer.from(part)));
          const sum = { entries: 0, bytes: 0 };
          let below: Argument = '';
          for (let next: Argument = from; next.length > 0;) {
            const args: Argument[] = [this.#instance, message, index, String(skipped), next, to, below];
            const answers: readonly Reply[] = await this.#run(scripts.REMOVE_RANGE, args);
            sum.entries += Number(answers[0]);
            sum.bytes += Number(answers[1]);
            below = answers[2] as Buffer;
            next = answers[3] as Buffer;
          }
          return this.#removed(cause, sum);
        }),
      ),
    );
  }

  #removeWhere(
    selection: { readonly where: (key: string, entry: EntryInfo) => boolean },
    cause: RemovalCause,
  ): Promise<Touched> {
    const matches = matcher(selection);
    const first = Promise.withResolvers<void>();
    const begun = this.#gate ?? Promise.resolve();
    // Who comes later waits for the first part, so that the removal stands where it was called.
    const gate = begun
      .then(() => first.promise)
      .then(() => {
        if (this.#gate === gate) this.#gate = undefined;
      });
    this.#gate = gate;
    const remove = async () => {
      const sum = { entries: 0, bytes: 0 };
      const below = Number(await this.#lastId());
      for await (const page of this.#walk(selection)) {
        const found = page.filter(({ id, there, info }) => there && Number(id) <= below && matches(info));
        if (found.length > 0) {
          const args = found.flatMap(({ bytes, id }) => [bytes, id]);
          const [entries, bytes] = await this.#run(scripts.REMOVE_THESE, [this.#instance, ...args]);
          sum.entries += Number(entries);
          sum.bytes += Number(bytes);
        }
        first.resolve();
      }
      return this.#removed(cause, sum);
    };
    const hides = (info: EntryInfo) => {
      try {
        return matches(info);
      } catch {
        // The removal meets it, too, and rejects.
        return false;
      }
    };
    return this.#track(
      begun
        .then(() => this.#hiding(hides, remove))
        .catch((error: unknown) => {
          // What a predicate was for is not known any more.
          if (error instanceof TierUnavailableError) this.#debts.owe({ all: true });
          throw error;
        })
        .finally(() => first.resolve()),
    );
  }

  async #hiding<Answer>(matches: Hiding['matches'], remove: () => Promise<Answer>): Promise<Answer> {
    const hiding: Hiding = { matches, writtenLater: new Set() };
    this.#hidings.add(hiding);
    try {
      return await remove();
    } finally {
      this.#hidings.delete(hiding);
    }
  }

  #removed<T extends Touched>(cause: RemovalCause, touched: T): T {
    if (touched.entries > 0) this.#context!.recorder.removed(cause, touched.entries);
    return touched;
  }

  async #wouldRemove(selection: Selection): Promise<Touched> {
    const matches = matcher(selection);
    const sum = { entries: 0, bytes: 0 };
    for await (const page of this.#walk(selection))
      for (const { info, there } of page)
        if (there && matches(info)) {
          sum.entries++;
          sum.bytes += info.bytes;
        }
    return sum;
  }

  /** What a selection may find, some at a time, by the order of the keys. */
  async *#walk(selection: Selection): AsyncIterable<Met[]> {
    const { index, skipped, from, to } = rangeOf(selection);
    for (let next: Argument = from; next.length > 0;) {
      const [after, ...flat] = (await this.#track(
        this.#link!.run(scripts.PAGE, this.#base, [index, String(skipped), next, to], { writes: false }),
      )) as readonly Reply[];
      next = after as Buffer;
      const page: Met[] = [];
      for (let i = 0; i < flat.length; i += 4) page.push(this.#met(flat.slice(i, i + 4)));
      if (page.length > 0) yield page;
    }
  }

  #met([key, id, weight, head]: readonly Reply[]): Met {
    const bytes = key as Buffer;
    const there = (head as Buffer).length > 0;
    const read = there ? readHead(bytes, head as Buffer) : 'corrupt';
    const none: RowMeta = { negative: false, storedAt: 0, freshMs: 0, staleMs: 0 };
    const unreadable = typeof read === 'string' ? read : undefined;
    const info = this.#infoOf(fromBytes(bytes), typeof read === 'string' ? none : read.meta, Number(weight));
    return { info, bytes, id: id as Buffer, there, unreadable };
  }

  async #lastId(): Promise<Buffer> {
    return (await this.#track(this.#run(scripts.LAST_ID, [])))[0] as Buffer;
  }

  // ---- checking ----

  async *#check(page: readonly Met[], repair: boolean): AsyncIterable<TierProblem> {
    const entry = Buffer.from(`${this.#base}e:`);
    const names = page.map(({ bytes }) => Buffer.concat([entry, bytes]));
    const [generation, ...rows] = (await this.#track(
      this.#link!.send(['MGET', `${this.#base}g`, ...names], { writes: false }),
    )) as readonly (Buffer | null)[];
    for (const [i, { info, bytes, there }] of page.entries()) {
      const row = current(generation ?? null, rows[i] ?? null);
      // Gone since the page was read, or by the server, which the totals learn in time.
      if (row === undefined && there) continue;
      const problem = row === undefined ? ORPHAN : this.#problemOf(bytes, row);
      if (problem === undefined) continue;
      if (repair) await this.#removeKey(info.key, 'invalidated');
      yield { tier: this.name, key: info.key, ...problem };
    }
  }

  #problemOf(key: Buffer, bytes: Buffer): Pick<TierProblem, 'problem' | 'message'> | undefined {
    const row = readRow(key, bytes);
    if (row === 'corrupt') return { problem: row, message: 'The checksum of an entry is another one.' };
    if (row === 'older-format') return { problem: row, message: 'An entry is of another version.' };
    if (row.meta.negative) return undefined;
    if (row.codec !== this.#codec.id)
      return { problem: 'older-format', message: `An entry was written by codec ${row.codec}.` };
    try {
      this.#codec.decode(Uint8Array.prototype.slice.call(row.content) as Uint8Array);
      return undefined;
    } catch (error) {
      return { problem: 'invalid-value', message: `The value of an entry cannot be decoded: ${messageOf(error)}` };
    }
  }

  // ---- in the background ----

  /** Before anything else is sent: what was removed while the server was away goes now. */
  #isUp(): void {
    for (const selection of this.#debts.all()) this.#pay(selection);
    // What others told meanwhile is lost.
    if (this.#ups++ > 0 || this.#timer !== undefined) this.#pass({ all: true });
  }

  #pay(selection: Selection): void {
    const { onProblem } = this.#context!;
    const paid =
      'key' in selection
        ? this.#removeKey(selection.key, 'invalidated')
        : 'all' in selection
          ? this.#removeAll('invalidated')
          : 'where' in selection
            ? undefined
            : this.#removeRange(selection, 'invalidated').then(() => this.#debts.paidMany(selection));
    // It stays owed.
    paid?.catch((error: unknown) => {
      if (!(error instanceof TierUnavailableError)) onProblem(error as Error);
    });
  }

  /** Is there more to do? */
  async #tidy(): Promise<boolean> {
    const { maxBytes, maxEntries } = this.#limits;
    const limits = [maxBytes, maxEntries].map((limit) => (limit === undefined ? '' : String(limit)));
    return (await this.#run(scripts.TIDY, limits))[0] === 1;
  }

  #schedule(delayMs = TIDY_MS): void {
    this.#timer = this.#context!.clock.setTimer(
      () =>
        void this.#track(this.#tidyNow()).then((more) => {
          if (this.#closing === undefined) this.#schedule(more ? 0 : TIDY_MS);
        }),
      delayMs,
      { unref: true },
    );
  }

  async #tidyNow(): Promise<boolean> {
    if (!this.#link!.isUp) return false;
    for (const selection of this.#debts.all()) this.#pay(selection);
    try {
      return await this.#tidy();
    } catch {
      // The link tells when the server is away, and what is to be done is still to be done then.
      return false;
    }
  }

  #hear(message: Buffer): void {
    if (message.toString('latin1', 0, this.#instance.length) === this.#instance) return;
    const what = message.subarray(this.#instance.length + 1);
    switch (message.toString('latin1', this.#instance.length, this.#instance.length + 1)) {
      case 'k':
        return this.#pass({ key: fromBytes(what) });
      case 't':
        return this.#pass({ tag: fromBytes(what) });
      case 'p':
        return this.#pass({ prefix: fromBytes(what) });
      default:
        return this.#pass({ all: true });
    }
  }

  #pass(selection: Selection): void {
    if (this.#listener === undefined || this.#closing !== undefined) return;
    this.#heard.push(selection);
    if (this.#heard.length > 1) return;
    setImmediate(() => {
      const heard = this.#heard;
      this.#heard = [];
      for (const one of heard) this.#listener?.(one);
    });
  }
}

const ORPHAN = { problem: 'orphan', message: 'An entry is counted that is not there.' } as const;

/** The row of an entry, when it is of the generation. */
function current(generation: Buffer | null, bytes: Buffer | null): Buffer | undefined {
  if (generation === null || bytes === null) return undefined;
  if (!bytes.subarray(0, GENERATION_BYTES).equals(generation)) return undefined;
  return bytes.subarray(GENERATION_BYTES);
}

function weightOf(key: Buffer, row: Buffer, tags: readonly Buffer[], ends: boolean): number {
  const tagBytes = tags.reduce((sum, tag) => sum + TAG_OVERHEAD_BYTES + 2 * tag.length + key.length, 0);
  const endBytes = ends ? END_OVERHEAD_BYTES + key.length : 0;
  return ENTRY_OVERHEAD_BYTES + KEY_COPIES * key.length + row.length + endBytes + tagBytes;
}

/** Where in an index a selection is found. No byte of a text is 0xff. */
function rangeOf(selection: Selection): { index: string; skipped: number; from: Buffer; to: Buffer } {
  let beginning: Buffer = Buffer.alloc(0);
  let skipped = 0;
  if ('tag' in selection) {
    const tag = toBytes(selection.tag);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(tag.length);
    beginning = Buffer.concat([length, tag]);
    skipped = beginning.length;
  } else if ('prefix' in selection) beginning = toBytes(selection.prefix);
  else if ('key' in selection) beginning = toBytes(selection.key);
  const after = Buffer.of(0xff);
  return {
    index: 'tag' in selection ? 't' : 'k',
    skipped,
    from: Buffer.concat([Buffer.from('['), beginning]),
    to: Buffer.concat([Buffer.from('('), beginning, after]),
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
