import { createHash } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import { encodeHeaders, type Batch } from '#libs/contracts';
import type { NewRecord } from '#libs/event-log';

/** A record as the collector writes it. @param acceptedAt ms since 1970. */
export function recordOf(batch: Batch, acceptedAt = batch.sentAt): NewRecord {
  const text = JSON.stringify(batch);
  const hash = createHash('sha256').update(text).digest('hex');
  const { sequence, events } = batch;
  return {
    key: batch.emitter.instance,
    value: zstdCompressSync(text),
    headers: encodeHeaders({ v: 1, sequence, acceptedAt, events: events.length, encoding: 'zstd', hash }),
  };
}
