import type { RemovalCause } from '#libs/contracts';
import { matcher } from '../tier/selection.js';
import type { Selection, Touched } from '../tier/tier.js';
import type { OpenDisk } from './open-disk.js';
import { placeOf } from './place.js';
import { partOf, walk, type Found } from './walking.js';
import type { Work } from './work.js';

const NOTHING: Touched = { entries: 0, bytes: 0 };

/** Removing from a disk tier on request: each stands where it was called, between the writes before and after. */
export class DiskRemovals {
  constructor(private readonly disk: OpenDisk) {}

  remove(selection: Selection, cause: RemovalCause): Promise<Touched> {
    if ('key' in selection) return this.removeKey(selection.key, cause);
    if ('all' in selection) return this.#removeAll(cause);
    return this.#removeMany(selection, cause);
  }

  removeKey(key: string, cause: RemovalCause): Promise<Touched> {
    const { underWay, queue } = this.disk;
    const place = placeOf(key);
    return underWay.pend(key, undefined, () =>
      queue.do((work) => {
        const row = work.drop(place, cause);
        work.traces.push({ key });
        work.told({ key });
        return row === undefined ? NOTHING : { entries: 1, bytes: row.weight };
      }),
    );
  }

  /** What a removal would touch. */
  async wouldRemove(selection: Selection): Promise<Touched> {
    const { disk } = this;
    const limit = await disk.queue.do((work) => work.totals.nextId);
    disk.refresh();
    if ('all' in selection) {
      const { entries, bytes } = disk.totals();
      return { entries, bytes };
    }
    if ('key' in selection) {
      const row = disk.rowAt(placeOf(selection.key));
      return row === undefined ? NOTHING : { entries: 1, bytes: row.weight };
    }
    const sum = { entries: 0, bytes: 0 };
    for await (const found of walk(disk, selection, limit)) {
      sum.entries += found.length;
      for (const { row } of found) sum.bytes += row.weight;
    }
    return sum;
  }

  #removeAll(cause: RemovalCause): Promise<Touched> {
    const { underWay, queue } = this.disk;
    return underWay.hide(
      () => true,
      (hiding) =>
        queue.do((work) => {
          hiding.limit = work.totals.nextId;
          work.told({ all: true });
          return work.clear(cause);
        }),
    );
  }

  #removeMany(selection: Exclude<Selection, { key: string } | { all: true }>, cause: RemovalCause): Promise<Touched> {
    const { disk } = this;
    const { underWay, queue } = disk;
    const matches = matcher(selection);
    return underWay.hide(
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
        const first = await queue.do((work) => {
          hiding.limit = work.totals.nextId;
          if (!('where' in selection)) work.told(selection);
          const part = attempt(() => partOf(disk, selection, hiding.limit!));
          return 'failed' in part ? part : { ...part, ...dropAll(work, part.found, cause, told) };
        });
        if ('failed' in first) throw first.failed;
        const sum = { entries: first.entries, bytes: first.bytes };
        for await (const found of walk(disk, selection, hiding.limit!, first.next)) {
          const { entries, bytes } = await queue.do((work) => dropAll(work, found, cause, told));
          sum.entries += entries;
          sum.bytes += bytes;
        }
        return sum;
      },
    );
  }
}

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
