import { setImmediate as nextTurn } from 'node:timers/promises';
import { matcher } from '../tier/selection.js';
import type { Selection } from '../tier/tier.js';
import { idOfTagKey, tagHash, tagRange } from './keys.js';
import type { OpenDisk } from './open-disk.js';
import { placesOf } from './place.js';
import { readRow, type Row } from './row.js';
import { MOST_AT_ONCE } from './work.js';

/** An entry as a walk meets it. */
export interface Found {
  readonly place: Buffer;
  readonly row: Row;
}

/** Some of a walk, and where the next part begins. */
export interface Part {
  readonly found: readonly Found[];
  readonly next: Buffer | 'end';
}

/** What a selection finds of entries with an id below a limit, some at a time, with a pause in between. */
export async function* walk(
  disk: OpenDisk,
  selection: Selection,
  limit: number,
  from: Buffer | 'start' | 'end' = 'start',
): AsyncIterable<readonly Found[]> {
  for (let next = from; next !== 'end';) {
    disk.mustBeRunning();
    disk.environment.root.resetReadTxn();
    const part = partOf(disk, selection, limit, next);
    if (part.found.length > 0) yield part.found;
    next = part.next;
    if (next !== 'end') await nextTurn();
  }
}

/** The part of a walk after a row. */
export function partOf(disk: OpenDisk, selection: Selection, limit: number, after: Buffer | 'start' = 'start'): Part {
  const byTag = 'tag' in selection;
  const { index, tags } = disk.databases;
  const range = byTag ? tagRange(tagHash(selection.tag)) : 'prefix' in selection ? placesOf(selection.prefix) : {};
  const start = after === 'start' ? {} : { start: after, exclusiveStart: true };
  const rows = disk.reading(() => [...(byTag ? tags : index).getRange({ ...range, ...start, limit: MOST_AT_ONCE })]);
  const matches = matcher(selection);
  const found = rows
    .map(({ key, value }) => (byTag ? tagged(disk, key, value) : met(key, value)))
    .filter((one) => one !== undefined)
    .filter(({ row }) => row.id < limit && matches(disk.infoOf(row)));
  return { found, next: rows.length < MOST_AT_ONCE ? 'end' : rows.at(-1)!.key };
}

function met(place: Buffer, bytes: Buffer): Found | undefined {
  const row = readRow(place, bytes);
  return typeof row === 'string' ? undefined : { place, row };
}

function tagged({ databases }: OpenDisk, key: Buffer, place: Buffer): Found | undefined {
  const bytes = databases.index.getBinary(place);
  const found = bytes === undefined ? undefined : met(place, bytes);
  return found?.row.id === idOfTagKey(key) ? found : undefined;
}
