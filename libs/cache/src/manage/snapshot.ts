import type { CacheCore } from '../core.js';
import { SnapshotError } from '../errors.js';
import { decodeKey, type CacheKey } from '../key/cache-key.js';
import { estimateBytes } from '../memory/estimate-bytes.js';
import type { Entry } from '../tier/tier.js';
import { entriesOf, entryIn } from './walk.js';

/** Raised when what the parts hold changes its meaning. */
const SNAPSHOT_VERSION = 1;

/**
 * A snapshot is a sequence of plain objects: a head, entries, and an end that counts them. Keys and tags are encoded, and
 * without their namespace, so that it can be taken in under another one. Values are as they are: whoever writes it
 * down chooses how. `Infinity` is null, which JSON has.
 */
export type SnapshotPart =
  | { readonly part: 'head'; readonly snapshotVersion: number; readonly cache: string; readonly takenAt: number }
  | ({ readonly part: 'entry'; readonly key: string } & SnapshotEntry)
  | { readonly part: 'end'; readonly entries: number };

type SnapshotEntry = Omit<Entry, 'freshMs' | 'staleMs' | 'revalidateMs'> & {
  readonly freshMs: number | null;
  readonly staleMs: number | null;
  readonly revalidateMs?: number | null;
};

/** A place for the snapshot of a cache, which the host names: values are private, and go nowhere else. */
export interface SnapshotStore {
  /** Puts a snapshot in the place of the one before, whole or not at all. @returns its size. */
  write(parts: AsyncIterable<SnapshotPart>): Promise<{ readonly bytes: number }>;
  /** The parts of the last one. @throws SnapshotError before the first part when there is none, or it is damaged. */
  read(): AsyncIterable<SnapshotPart>;
}

/** What came of an import: `over` were past their time, `invalid` the schema refused, `refused` no tier kept. */
export interface Imported {
  readonly entries: number;
  readonly over: number;
  readonly invalid: number;
  readonly refused: number;
}

export async function* snapshotOf<Key extends CacheKey, Value>(
  core: CacheCore<Key, Value>,
  prefix: string,
): AsyncGenerator<SnapshotPart> {
  yield { part: 'head', snapshotVersion: SNAPSHOT_VERSION, cache: core.name, takenAt: core.clock.now() };
  let entries = 0;
  for await (const { info } of entriesOf(core, prefix)) {
    // It may have left since it was reached.
    const entry = await entryIn(core, info.tier, info.key);
    if (entry === undefined) continue;
    entries++;
    const { freshMs, staleMs, revalidateMs, tags, ...rest } = entry;
    yield {
      part: 'entry',
      key: info.key.slice(prefix.length),
      ...rest,
      freshMs: finite(freshMs),
      staleMs: finite(staleMs),
      ...(revalidateMs !== undefined && { revalidateMs: finite(revalidateMs) }),
      ...(tags !== undefined && { tags: tags.map((tag) => tag.slice(prefix.length)) }),
    };
  }
  yield { part: 'end', entries };
}

/** Entries taken in together, as long as they are small: a tier on disk or a server writes them as one. */
const AT_ONCE = 256;
/** Bytes of them, about: a tier refuses what it cannot take in time. A larger entry comes by itself. */
const BYTES_AT_ONCE = 2 ** 20;

/**
 * Takes a snapshot in, lot by lot, each entry as old as it is; `onLot` is told what has come so far.
 * @throws SnapshotError, the reason of the signal; the lots before it stay
 */
export async function importSnapshot<Key extends CacheKey, Value>(
  core: CacheCore<Key, Value>,
  prefix: string,
  parts: AsyncIterable<SnapshotPart> | Iterable<SnapshotPart>,
  { signal, onLot }: { readonly signal?: AbortSignal; readonly onLot?: (imported: Imported) => void } = {},
): Promise<Imported> {
  const imported = { entries: 0, over: 0, invalid: 0, refused: 0 };
  let read = 0;
  let state: 'begins' | 'runs' | 'ended' = 'begins';
  const lot = new Map<string, SnapshotEntry>();
  let lotBytes = 0;
  const takeLot = async () => {
    const taken = await Promise.all(Array.from(lot, ([key, entry]) => take(core, prefix, key, entry)));
    for (const what of taken) imported[what]++;
    lot.clear();
    lotBytes = 0;
    onLot?.(imported);
  };
  for await (const part of parts) {
    core.assertOpen();
    signal?.throwIfAborted();
    if (state === 'begins') checkHead(part);
    else if (state === 'ended') throw new SnapshotError(`The snapshot goes on behind its end, part ${read + 2}.`);
    if (part.part === 'head') state = 'runs';
    else if (part.part === 'end') {
      state = 'ended';
      await takeLot();
      if (part.entries !== read)
        throw new SnapshotError(`The snapshot says it has ${part.entries} entries, and ${read} came. Take it anew.`);
    } else {
      const { key, ...entry } = checked(part, ++read);
      // Of two of one key the later one must win: what is under way together has no order.
      if (lot.size >= AT_ONCE || lot.has(key)) await takeLot();
      const bytes = estimateBytes(entry.value);
      if (lot.size > 0 && lotBytes + bytes > BYTES_AT_ONCE) await takeLot();
      lot.set(key, entry);
      lotBytes += bytes;
    }
  }
  if (state !== 'ended') throw new SnapshotError(`The snapshot breaks off after ${read} entries. Take it anew.`);
  return imported;
}

function checkHead(part: SnapshotPart): void {
  if (part?.part !== 'head') throw new SnapshotError('This is no snapshot of a cache: it has no head.');
  if (part.snapshotVersion !== SNAPSHOT_VERSION)
    throw new SnapshotError(
      `The snapshot is of version ${part.snapshotVersion}, and this program reads version ${SNAPSHOT_VERSION}. Take it anew.`,
    );
}

function checked(part: SnapshotPart, at: number): SnapshotEntry & { readonly key: string } {
  if (part?.part !== 'entry') throw new SnapshotError(`Entry ${at} of the snapshot is no entry.`);
  const { key, storedAt, freshMs, staleMs, negative, tags } = part;
  const sound =
    typeof key === 'string' &&
    isEncoded(key) &&
    Number.isFinite(storedAt) &&
    isTime(freshMs) &&
    isTime(staleMs) &&
    typeof negative === 'boolean' &&
    negative === (part.value === undefined) &&
    (tags === undefined || (Array.isArray(tags) && tags.every((tag) => typeof tag === 'string')));
  if (!sound) throw new SnapshotError(`Entry ${at} of the snapshot is damaged. Take it anew.`);
  return part;
}

async function take<Key extends CacheKey, Value>(
  core: CacheCore<Key, Value>,
  prefix: string,
  key: string,
  said: SnapshotEntry,
): Promise<keyof Imported> {
  const { value, negative, storedAt, version, tags, loadMs, revalidateMs } = said;
  const entry: Entry = {
    negative,
    storedAt,
    value,
    freshMs: said.freshMs ?? Number.POSITIVE_INFINITY,
    staleMs: said.staleMs ?? Number.POSITIVE_INFINITY,
    ...(revalidateMs !== undefined && { revalidateMs: revalidateMs ?? Number.POSITIVE_INFINITY }),
    ...(version !== undefined && { version }),
    ...(tags !== undefined && { tags: tags.map((tag) => prefix + tag) }),
    ...(loadMs !== undefined && { loadMs }),
  };
  const encoded = prefix + key;
  const watch = core.watches.begin(encoded, true);
  core.watches.overwritten(watch);
  try {
    const valid = negative ? undefined : await core.validate(value);
    if (!watch.mayKeep(entry.tags)) return 'refused';
    const kept = await core.stack.restore(encoded, { ...entry, value: valid });
    return kept === undefined ? 'over' : kept ? 'entries' : 'refused';
  } catch {
    return 'invalid';
  } finally {
    core.watches.end(watch);
  }
}

function isEncoded(key: string): boolean {
  try {
    decodeKey(key);
    return true;
  } catch {
    return false;
  }
}

function isTime(ms: unknown): boolean {
  return ms === null || (typeof ms === 'number' && ms >= 0);
}

function finite(ms: number): number | null {
  return ms === Number.POSITIVE_INFINITY ? null : ms;
}
