import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readSync,
  realpathSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Database, RootDatabase } from 'lmdb';
import { openLmdb } from '#libs/event-log/embedded';
import { writeTotals, NO_TOTALS, readTotals } from './totals.js';

export type Bytes = Database<Buffer, Buffer>;

/** The databases of one cache. Every key and value is bytes. */
export interface CacheDatabases {
  /** Place → row: all of an entry, but content that is kept apart. */
  readonly index: Bytes;
  /** Id → content that is kept apart. */
  readonly contents: Bytes;
  /** Queue and seq → id, weight, place: the queues of eviction. What is counted as held is the sum of these. */
  readonly order: Bytes;
  /** End of its time and id → place. */
  readonly ends: Bytes;
  /** Hash of a tag and id → place. */
  readonly tags: Bytes;
  /** Hash of a key → who loads it, and until when. */
  readonly locks: Bytes;
  /** Number → what was removed, for the other instances that have the cache open. */
  readonly changes: Bytes;
  /** Totals, and the instances that have the cache open. */
  readonly meta: Bytes;
}

export interface CacheEnvironment {
  readonly root: RootDatabase<unknown, string>;
  readonly path: string;
  readonly pageSize: number;
  databases(cache: string): CacheDatabases;
}

const DATABASES = ['index', 'contents', 'order', 'ends', 'tags', 'locks', 'changes', 'meta'] as const;
const MOST_CACHES = 16;
/** Raised with every change of which databases there are, and of what is in them but rows, which have a format of their own. */
export const LAYOUT = 1;

/** Says that a directory is a cache's, so that what is damaged in it may be thrown away. */
const MARKER = 'allibrary-cache.txt';
const MARKER_TEXT =
  'This directory holds a cache. It may be deleted whenever no program has it open; it is filled again.\n';
/** Left behind when LMDB found its own pages damaged: the next opening begins anew. */
const DAMAGED = 'damaged';
/** A file may end so much before its last page, if all that is missing is free. */
const FREE_AT_END_BYTES = 2 ** 20;

const open = new Map<string, { readonly environment: CacheEnvironment; readonly inode: number; users: number }>();

/**
 * The environment of a directory, one for all tiers of this process that have it open: LMDB asks for that, and a second
 * one would wait for the write lock on the very thread on which the first one's transaction has yet to run. The directory
 * is made when it is missing; what is damaged beyond reading is thrown away, and `onProblem` told of it.
 *
 * @returns with `release`, which closes it when the last tier lets go. Call it once.
 * @throws when the directory cannot be used.
 */
export function shareEnvironment(
  path: string,
  onProblem: (problem: Error) => void,
): { environment: CacheEnvironment; release: () => Promise<void> } {
  const place = usableDirectory(path);
  let shared = open.get(place);
  // Another file, or none: the directory was deleted under those that have it open.
  if (shared === undefined || shared.inode !== inodeOf(place)) {
    const environment = openEnvironment(place, onProblem);
    open.set(place, (shared = { environment, inode: inodeOf(place), users: 0 }));
  }
  const { environment } = shared;
  shared.users += 1;
  return {
    environment,
    release: async () => {
      shared.users -= 1;
      if (shared.users > 0) return;
      if (open.get(place) === shared) open.delete(place);
      await environment.root.close();
    },
  };
}

/** Has the next opening begin anew: LMDB found damage that it cannot read past. */
export function markDamaged(path: string): void {
  try {
    writeFileSync(join(path, DAMAGED), '');
  } catch {
    // The directory is gone, too, or the disk is full: the next opening finds out by itself.
  }
}

function inodeOf(path: string): number {
  return statSync(join(path, 'data.mdb'), { throwIfNoEntry: false })?.ino ?? 0;
}

function usableDirectory(path: string): string {
  try {
    mkdirSync(path, { recursive: true });
    return realpathSync(path);
  } catch (error) {
    throw new Error(
      `The directory of the disk tier, ${path}, cannot be used (${messageOf(error)}). Name one that can be made and written.`,
      { cause: error },
    );
  }
}

function openEnvironment(path: string, onProblem: (problem: Error) => void): CacheEnvironment {
  const file = join(path, 'data.mdb');
  const marker = join(path, MARKER);
  const anew = (why: string) => {
    onProblem(new Error(`The cache in ${path} ${why}: it begins anew.`));
    for (const name of ['data.mdb', 'lock.mdb', DAMAGED]) rmSync(join(path, name), { force: true });
  };
  try {
    if (!existsSync(marker) && !existsSync(file)) writeFileSync(marker, MARKER_TEXT);
    if (existsSync(join(path, DAMAGED))) anew('was found damaged');
    if (!isLmdb(file)) {
      if (!existsSync(marker)) throw new Error('its data.mdb is not of LMDB, and may be dear to somebody');
      anew('cannot be read');
    }
    let root = openRoot(path);
    if (isCut(root, file)) {
      void root.close();
      anew('was cut short');
      root = openRoot(path);
    }
    return environmentOf(root, path, onProblem);
  } catch (error) {
    throw new Error(
      `The disk tier cannot be opened in ${path} (${messageOf(error)}). Is it writable, and empty or a cache's own?`,
      { cause: error },
    );
  }
}

function openRoot(path: string): RootDatabase<unknown, string> {
  // Each commit is written to the disk before the next one; a power cut may undo the last one, and damages nothing.
  return openLmdb(path, { maxDbs: MOST_CACHES * DATABASES.length + 2, noMetaSync: true });
}

/** What each LMDB file says in the header of its first page, little-endian; lmdb's mdb.c, MDB_MAGIC. */
const MAGIC = Buffer.of(0xde, 0xc0, 0xef, 0xbe);
const MAGIC_WITHIN_BYTES = 64;

/** Whether LMDB can open a file, or make it. To have it open another one ends the process (lmdb 3.5.6). */
function isLmdb(file: string): boolean {
  if (!existsSync(file)) return true;
  const descriptor = openSync(file, 'r');
  try {
    const head = Buffer.alloc(MAGIC_WITHIN_BYTES);
    const read = readSync(descriptor, head, 0, head.length, 0);
    return read === 0 || head.includes(MAGIC);
  } finally {
    closeSync(descriptor);
  }
}

/** Whether pages are missing at the end of the file: to touch one would end the process. */
function isCut(root: RootDatabase<unknown, string>, file: string): boolean {
  const { lastPageNumber, pageSize } = root.getStats() as { lastPageNumber: number; pageSize: number };
  const { size } = statSync(file);
  const wanted = (lastPageNumber + 1) * pageSize;
  if (size >= wanted) return false;
  if (wanted - size > FREE_AT_END_BYTES) return true;
  // Pages that were never written because they were free again at once; if not, LMDB sees that zeros are no page.
  truncateSync(file, wanted);
  return false;
}

function environmentOf(
  root: RootDatabase<unknown, string>,
  path: string,
  onProblem: (problem: Error) => void,
): CacheEnvironment {
  const caches = new Map<string, CacheDatabases>();
  const { pageSize } = root.getStats() as { pageSize: number };
  return {
    root,
    path,
    pageSize,
    databases(cache) {
      let databases = caches.get(cache);
      if (databases !== undefined) return databases;
      if (caches.size === MOST_CACHES)
        throw new Error(`One directory holds up to ${MOST_CACHES} caches; give ${cache} another one than ${path}.`);
      databases = Object.fromEntries(
        DATABASES.map((kind) => [
          kind,
          root.openDB<Buffer, Buffer>({ name: `${cache}/${kind}`, keyEncoding: 'binary', encoding: 'binary' }),
        ]),
      ) as unknown as CacheDatabases;
      prepare(root, databases, cache, onProblem);
      caches.set(cache, databases);
      return databases;
    },
  };
}

/** Empties databases of another layout, and those whose totals cannot be read. */
function prepare(
  root: RootDatabase<unknown, string>,
  databases: CacheDatabases,
  cache: string,
  onProblem: (problem: Error) => void,
): void {
  if (readTotals(databases.meta, LAYOUT) !== undefined) return;
  root.transactionSync(() => {
    // Another process may have done it meanwhile.
    if (readTotals(databases.meta, LAYOUT) !== undefined) return;
    const isNew = databases.index.getKeysCount({ limit: 1 }) === 0;
    for (const kind of DATABASES) databases[kind].clearSync();
    writeTotals(databases.meta, LAYOUT, NO_TOTALS);
    if (!isNew)
      onProblem(new Error(`What cache ${cache} had on disk is of another version, or damaged: it begins anew.`));
  });
}

export function messageOf(error: unknown): string {
  return error instanceof Error || (typeof error === 'object' && error !== null && 'message' in error)
    ? String(error.message)
    : String(error);
}
