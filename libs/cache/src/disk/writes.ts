import type { Entry } from '../tier/tier.js';
import { messageOf } from './environment.js';
import type { OpenDisk } from './open-disk.js';
import { placeOf } from './place.js';
import type { DiskRemovals } from './removals.js';
import { draftRow, type RowMeta } from './row.js';
import { hashOf, MOST_AT_ONCE, weightOf, type Write } from './work.js';
import { AGAIN } from './write-queue.js';

/** Writes that wait for the disk may take so many bytes of memory; what comes beyond is rejected. */
const MOST_WAITING_BYTES = 64 * 2 ** 20;

/** Writing of a disk tier: what it is given is encoded at once, and kept if it fits. */
export class DiskWrites {
  constructor(
    private readonly disk: OpenDisk,
    private readonly removals: DiskRemovals,
  ) {}

  async set(key: string, entry: Entry): Promise<boolean> {
    const { context, queue, underWay } = this.disk;
    const { recorder, clock, cache } = context;
    let write: Write;
    try {
      write = this.#encode(key, entry);
    } catch (cause) {
      await this.removals.removeKey(key, 'replaced');
      throw new TypeError(`A value for the disk tier of ${cache} cannot be written down: ${messageOf(cause)}`, {
        cause,
      });
    }
    if (!this.#fits(write)) {
      recorder.removed('rejected');
      await this.removals.removeKey(key, 'replaced');
      return false;
    }
    const kept = await underWay.pend(key, write, () =>
      queue.do((work) => {
        // The limits may have been lowered while it waited.
        if (this.#fits(write)) return work.put(write, this.disk.limits, clock.now(), MOST_AT_ONCE) ?? AGAIN;
        return work.reject(write);
      }, write.draft.bytes.length + write.content.length),
    );
    if (kept) recorder.writeSize(write.weight);
    return kept;
  }

  #encode(key: string, entry: Entry): Write {
    const { codec, environment } = this.disk;
    const { value, ...rest } = entry;
    const meta: RowMeta = rest.tags === undefined ? rest : { ...rest, tags: [...new Set(rest.tags)] };
    const content = meta.negative ? new Uint8Array(0) : codec.encode(value);
    const place = placeOf(key);
    const draft = draftRow(place, key, meta, codec.id, content);
    const weight = weightOf(environment.pageSize, place, draft, meta, content.length);
    return { key, place, hash: hashOf(place), draft, meta, content, weight };
  }

  #fits({ weight }: Write): boolean {
    const { limits, queue } = this.disk;
    const { maxBytes = Number.POSITIVE_INFINITY, maxEntries = 1 } = limits;
    return weight <= maxBytes && maxEntries >= 1 && queue.bytes + weight <= MOST_WAITING_BYTES;
  }
}
