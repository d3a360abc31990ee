import type { RowMeta } from '../disk/row.js';
import { infoOf } from '../tier/entry-info.js';
import type { EntryInfo, Selection } from '../tier/tier.js';
import { fromBytes, toBytes } from './key-bytes.js';
import type { Argument, Reply } from './link.js';
import type { OpenRedis } from './open-redis.js';
import { readHead } from './row.js';
import * as scripts from './scripts.js';

/** An entry as a walk meets it. */
export interface Met {
  readonly info: EntryInfo;
  readonly bytes: Buffer;
  readonly id: Buffer;
  /** Its row is there, and not the indexes alone. */
  readonly there: boolean;
  readonly unreadable: 'corrupt' | 'older-format' | undefined;
}

/** What a selection may find, some at a time, by the order of the keys. */
export async function* walk(redis: OpenRedis, selection: Selection): AsyncIterable<Met[]> {
  const { index, skipped, from, to } = rangeOf(selection);
  for (let next: Argument = from; next.length > 0;) {
    const [after, ...flat] = (await redis.track(
      redis.link.run(scripts.PAGE, redis.base, [index, String(skipped), next, to], { writes: false }),
    )) as readonly Reply[];
    next = after as Buffer;
    const page: Met[] = [];
    for (let i = 0; i < flat.length; i += 4) page.push(met(flat.slice(i, i + 4)));
    if (page.length > 0) yield page;
  }
}

/** The id of the last write. */
export async function lastId(redis: OpenRedis): Promise<Buffer> {
  return (await redis.track(redis.run(scripts.LAST_ID, [])))[0] as Buffer;
}

/** Where in an index a selection is found. No byte of a text is 0xff. */
export function rangeOf(selection: Selection): { index: string; skipped: number; from: Buffer; to: Buffer } {
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

function met([key, id, weight, head]: readonly Reply[]): Met {
  const bytes = key as Buffer;
  const there = (head as Buffer).length > 0;
  const read = there ? readHead(bytes, head as Buffer) : 'corrupt';
  const none: RowMeta = { negative: false, storedAt: 0, freshMs: 0, staleMs: 0 };
  const unreadable = typeof read === 'string' ? read : undefined;
  const info = infoOf('redis', fromBytes(bytes), typeof read === 'string' ? none : read.meta, Number(weight));
  return { info, bytes, id: id as Buffer, there, unreadable };
}
