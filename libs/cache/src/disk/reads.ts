import { infoOf } from '../tier/entry-info.js';
import type { Entry, Stay } from '../tier/tier.js';
import { messageOf } from './environment.js';
import { idKey } from './keys.js';
import type { OpenDisk } from './open-disk.js';
import { placeOf } from './place.js';
import { endOf, openContent, SMALL, type Row } from './row.js';
import type { Pending } from './under-way.js';
import { MOST_USES } from './usage-sketch.js';
import { hashOf } from './work.js';

/** Reading of a disk tier, at once, from mapped memory. */
export class DiskReads {
  constructor(private readonly disk: OpenDisk) {}

  /** As it is after all that was called before. */
  read(key: string, isUse = true): Entry | undefined {
    const { disk } = this;
    const pending = disk.underWay.pending(key);
    if (pending !== undefined) return this.#pendingEntry(key, pending);
    if (disk.underWay.isOwed(key)) return undefined;
    const place = placeOf(key);
    const found = disk.rowAt(place);
    if (found === undefined || found.key !== key) return undefined;
    if (disk.underWay.hides(found.id, () => disk.infoOf(found))) return undefined;
    const end = endOf(found.meta);
    if (end !== undefined && end <= disk.context.clock.now()) return undefined;
    const entry = this.#entryOf(place, found);
    if (isUse && entry !== undefined) disk.usage.used(hashOf(place));
    return entry;
  }

  /** What is removed by now, or owed, a tier of twice the size would miss as well. */
  ghostHits(key: string): number {
    const { ghosts, underWay, context } = this.disk;
    if (underWay.pending(key) !== undefined || underWay.isOwed(key)) return 0;
    return ghosts.hits(key, context.clock.now());
  }

  async explain(key: string): Promise<Stay | undefined> {
    const { disk } = this;
    disk.refresh();
    await disk.queue.settled();
    const place = placeOf(key);
    const row = disk.rowAt(place);
    if (row === undefined || row.key !== key) return undefined;
    const uses = disk.usage.uses(hashOf(place));
    const where = row.queue === SMALL ? 'of what is new' : 'of what was used';
    return {
      bytes: row.weight,
      uses,
      usesCountedTo: MOST_USES,
      because: `it waits in the queue ${where}, used ${uses} times${uses < MOST_USES ? '' : ' or more'} since it was looked at`,
    };
  }

  #entryOf(place: Buffer, row: Row): Entry | undefined {
    const { disk } = this;
    const content =
      row.content ?? disk.reading(() => openContent(place, row.id, disk.databases.contents.getBinary(idKey(row.id))));
    let value: unknown;
    try {
      if (content === undefined) throw new Error('its checksum is another one');
      if (row.codec !== disk.codec.id) throw new Error(`it was written by codec ${row.codec}`);
      if (!row.meta.negative) value = disk.codec.decode(Uint8Array.prototype.slice.call(content) as Uint8Array);
    } catch (cause) {
      disk.unreadable(
        `The value of an entry on disk cannot be read (${messageOf(cause)}); it is a miss.`,
        (work) => work.drop(place, 'invalidated', row.id),
        cause,
      );
      return undefined;
    }
    return { value, ...row.meta };
  }

  #pendingEntry(key: string, { order, write }: Pending): Entry | undefined {
    if (write === undefined) return undefined;
    const { meta, weight, content } = write;
    if (this.disk.underWay.hidesPending(order, infoOf('disk', key, meta, weight))) return undefined;
    return { value: meta.negative ? undefined : this.disk.codec.decode(Uint8Array.from(content)), ...meta };
  }
}
