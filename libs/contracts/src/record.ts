import type { Rejection } from './http.js';
import { PipelineError } from './errors.js';

/**
 * One accepted batch in the log.
 *
 * key: the emitter's instance. value: the batch as JSON, encoded as `encoding` says: the very bytes that came in when
 * everything in them was accepted and known, otherwise the accepted rest encoded anew. Headers: below. Everything that
 * counts and audits needs is in the headers, so that the value is decoded once only, by the aggregator.
 */
export interface RecordHeaders {
  /** Version of this layout. */
  readonly v: 1;
  /** Identity of the batch, with the key. */
  readonly sequence: number;
  /** Accept time by the collector's clock, ms since 1970. Lateness is judged by it, also when replayed. */
  readonly acceptedAt: number;
  /** Events in the value. */
  readonly events: number;
  /** Content encoding of the value. */
  readonly encoding: ContentEncoding;
  /** SHA-256 (hex) of the batch as the emitter made it, decoded: tells a resend from a conflict. */
  readonly hash: string;
  /**
   * Positions of the accepted events in the emitter's own bytes, when some were left out.
   * Event `i` of the value has index `indexes[i]`; without it, index `i`.
   */
  readonly indexes?: readonly number[];
  /** Events that were not accepted; the aggregator puts them to the dead letters. */
  readonly rejections?: readonly RejectedEvent[];
  /** For a mended dead letter: the record is judged by this time, not by acceptedAt. */
  readonly originalAcceptedAt?: number;
}

export const CONTENT_ENCODINGS = ['identity', 'gzip', 'zstd', 'br'] as const;
export type ContentEncoding = (typeof CONTENT_ENCODINGS)[number];

/** A rejected event on its way to the dead letters: at most MAX_REJECTED_EVENT_BYTES of it, redacted. */
export interface RejectedEvent extends Rejection {
  /** The event as JSON with strings of unknown fields blanked; undefined when it was too large. */
  readonly event?: string;
}

export const MAX_REJECTED_EVENT_BYTES = 2_048;
/** Rejected events kept per batch; more are counted in the last one's reason. */
export const MAX_REJECTIONS_KEPT = 100;

/** Headers as the log carries them: short names, text only. */
export type WireHeaders = Readonly<Record<string, string>>;

export class RecordFormatError extends PipelineError {
  constructor(message: string) {
    super('RECORD_FORMAT', message, false);
  }
}

export function encodeHeaders(headers: RecordHeaders): WireHeaders {
  const wire: Record<string, string> = {
    v: String(headers.v),
    seq: String(headers.sequence),
    at: String(headers.acceptedAt),
    n: String(headers.events),
    ce: headers.encoding,
    h: headers.hash,
  };
  if (headers.indexes !== undefined) wire['ix'] = encodeIndexes(headers.indexes);
  if (headers.rejections !== undefined && headers.rejections.length > 0)
    wire['rej'] = JSON.stringify(headers.rejections);
  if (headers.originalAcceptedAt !== undefined) wire['oat'] = String(headers.originalAcceptedAt);
  return wire;
}

/** @throws RecordFormatError when a header is missing or is not what this version writes. */
export function decodeHeaders(wire: WireHeaders): RecordHeaders {
  if (wire['v'] !== '1')
    throw new RecordFormatError(`record layout ${JSON.stringify(wire['v'])} is not known; this version reads 1`);
  const encoding = CONTENT_ENCODINGS.find((one) => one === wire['ce']);
  if (encoding === undefined)
    throw new RecordFormatError(`content encoding ${JSON.stringify(wire['ce'])} is not known`);
  const hash = wire['h'] ?? '';
  if (!/^[0-9a-f]{64}$/.test(hash)) throw new RecordFormatError('header h is not a SHA-256 in hexadecimal');
  return {
    v: 1,
    sequence: integer(wire, 'seq'),
    acceptedAt: integer(wire, 'at'),
    events: integer(wire, 'n'),
    encoding,
    hash,
    ...(wire['ix'] !== undefined && { indexes: decodeIndexes(wire['ix']) }),
    ...(wire['rej'] !== undefined && { rejections: decodeRejections(wire['rej']) }),
    ...(wire['oat'] !== undefined && { originalAcceptedAt: integer(wire, 'oat') }),
  };
}

/** Ascending indexes as ranges: `0-4,6,9-11`. */
export function encodeIndexes(indexes: readonly number[]): string {
  const ranges: string[] = [];
  for (let i = 0; i < indexes.length;) {
    const start = indexes[i]!;
    let end = start;
    while (++i < indexes.length && indexes[i] === end + 1) end++;
    ranges.push(start === end ? String(start) : `${start}-${end}`);
  }
  return ranges.join(',');
}

/** @throws RecordFormatError on anything that `encodeIndexes` does not write. */
export function decodeIndexes(text: string): number[] {
  const indexes: number[] = [];
  if (text === '') return indexes;
  for (const range of text.split(',')) {
    const match = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(range);
    const start = Number(match?.[1]);
    const end = Number(match?.[2] ?? match?.[1]);
    const previous = indexes.at(-1) ?? -1;
    if (match === null || start <= previous || end < start || end - start > 1_000_000)
      throw new RecordFormatError(`header ix holds ${JSON.stringify(range)}, not an ascending range`);
    for (let index = start; index <= end; index++) indexes.push(index);
  }
  return indexes;
}

function decodeRejections(text: string): RejectedEvent[] {
  try {
    const parsed: unknown = JSON.parse(text);
    if (Array.isArray(parsed)) return parsed as RejectedEvent[];
  } catch {
    // falls through to the one error
  }
  throw new RecordFormatError('header rej is not a JSON list');
}

function integer(wire: WireHeaders, name: string): number {
  const text = wire[name] ?? '';
  const value = Number(text);
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(value))
    throw new RecordFormatError(`header ${name} is ${JSON.stringify(text)}, not an integer`);
  return value;
}
