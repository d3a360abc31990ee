import { hash } from 'node:crypto';
import { constants, zstdCompressSync } from 'node:zlib';
import {
  encodeHeaders,
  MAX_REJECTIONS_KEPT,
  type Batch,
  type ContentEncoding,
  type RejectedEvent,
  type Rejection,
} from '#libs/contracts';
import type { NewRecord } from '#libs/event-log';
import { redactedEvent } from './redact.js';

/** A batch on its way to the log. */
export interface AdmittedBatch {
  /** What came in, as it came in (a beacon without its first line). */
  readonly wire: { readonly bytes: Buffer; readonly encoding: ContentEncoding };
  /** What came in, decoded. */
  readonly decoded: Buffer;
  /** The events as posted, by index: for the dead letters. */
  readonly posted: readonly unknown[];
  readonly batch: Batch;
  readonly indexes: readonly number[] | undefined;
  readonly rejections: readonly Rejection[];
  /** Whether `batch` differs from what came in. */
  readonly changed: boolean;
  readonly acceptedAt: number;
}

const zstdLevel = { params: { [constants.ZSTD_c_compressionLevel]: 3 } };

/** The one record of a batch: the very bytes that came in when nothing changed, otherwise the accepted rest anew. Pure. */
export function batchRecord(admitted: AdmittedBatch): NewRecord {
  const { batch, changed, wire } = admitted;
  const headers = encodeHeaders({
    v: 1,
    sequence: batch.sequence,
    acceptedAt: admitted.acceptedAt,
    events: batch.events.length,
    encoding: changed ? 'zstd' : wire.encoding,
    hash: hash('sha256', admitted.decoded),
    ...(admitted.indexes !== undefined && { indexes: admitted.indexes }),
    ...(admitted.rejections.length > 0 && { rejections: kept(admitted.rejections, admitted.posted) }),
  });
  const value = changed ? zstdCompressSync(JSON.stringify(batch), zstdLevel) : wire.bytes;
  return { key: batch.emitter.instance, value, headers };
}

function kept(rejections: readonly Rejection[], posted: readonly unknown[]): RejectedEvent[] {
  const more = rejections.length - MAX_REJECTIONS_KEPT;
  return rejections.slice(0, MAX_REJECTIONS_KEPT).map((rejection, i) => {
    const event = redactedEvent(posted[rejection.index]);
    const { reason } = rejection;
    return {
      ...rejection,
      reason: more > 0 && i === MAX_REJECTIONS_KEPT - 1 ? `${reason} (and ${more} more events of this batch)` : reason,
      ...(event !== undefined && { event }),
    };
  });
}
