import { crc32 } from 'node:zlib';
import type { Entry } from '../tier/tier.js';
import { isHashed, keyAt } from './place.js';

/** What is written down of an entry, but its value. */
export type RowMeta = Omit<Entry, 'value'>;

/** The queue that an entry waits in for its eviction: those that were used since they came are in `main`. */
export const SMALL = 0;
export const MAIN = 1;
export type Queue = typeof SMALL | typeof MAIN;

/** An entry as it stands in the index. */
export interface Row {
  readonly key: string;
  /** Number of the write that made it: no two writes have the same. */
  readonly id: number;
  readonly queue: Queue;
  /** Place in the queue, the lower the sooner to leave. */
  readonly seq: number;
  /** Bytes of the file that it counts for. */
  readonly weight: number;
  readonly meta: RowMeta;
  readonly codec: number;
  /** The value, encoded; undefined when it is kept apart. */
  readonly content: Buffer | undefined;
}

/** Why a row, or the content kept apart, cannot be read. */
export type Unreadable = 'corrupt' | 'older-format';

/** Raised with every change of what the bytes below mean. */
export const FORMAT = 1;
/** Values of up to so many bytes stand in the index; a larger one is kept apart, so that walking the index is cheap. */
export const INLINE_BYTES = 512;

// [format u8][flags u8][codec u8][queue u8][crc u32] [id u48][seq u48][weight u48] [storedAt f64][freshMs f64][staleMs f64]
// and then, as the flags say, [loadMs f64][revalidateMs f64][version][count u32, tags][key], and the content. The checksum is over the place,
// the four bytes before it, and all that follows.
const CRC_AT = 4;
const ID_AT = 8;
const SEQ_AT = 14;
const WEIGHT_AT = 20;
const TIMES_AT = 26;
const HEADER_BYTES = 50;

const NEGATIVE = 1;
const APART = 2;
const LOAD_MS = 4;
const VERSION = 8;
const TAGS = 16;
const KEY = 32;
const REVALIDATE_MS = 64;

/** A row but for what is only known when it is written: `withPosition` fills that in. */
export interface RowDraft {
  readonly place: Buffer;
  readonly bytes: Buffer;
}

/** Encodes what is known of an entry before it is written. Content of more than `INLINE_BYTES` is left out. */
export function draftRow(place: Buffer, key: string, meta: RowMeta, codec: number, content: Uint8Array): RowDraft {
  const parts: Uint8Array[] = [];
  const header = Buffer.alloc(HEADER_BYTES);
  let flags = meta.negative ? NEGATIVE : 0;
  if (meta.loadMs !== undefined) {
    flags |= LOAD_MS;
    pushDouble(parts, meta.loadMs);
  }
  if (meta.revalidateMs !== undefined) {
    flags |= REVALIDATE_MS;
    pushDouble(parts, meta.revalidateMs);
  }
  if (meta.version !== undefined) {
    flags |= VERSION;
    pushText(parts, meta.version);
  }
  if (meta.tags !== undefined) {
    flags |= TAGS;
    const count = Buffer.allocUnsafe(4);
    count.writeUInt32LE(meta.tags.length);
    parts.push(count);
    for (const tag of meta.tags) pushText(parts, tag);
  }
  if (isHashed(place)) {
    flags |= KEY;
    pushText(parts, key);
  }
  if (content.length > INLINE_BYTES) flags |= APART;
  else parts.push(content);
  header[0] = FORMAT;
  header[1] = flags;
  header[2] = codec;
  header.writeDoubleLE(meta.storedAt, TIMES_AT);
  header.writeDoubleLE(meta.freshMs, TIMES_AT + 8);
  header.writeDoubleLE(meta.staleMs, TIMES_AT + 16);
  return { place, bytes: Buffer.concat([header, ...parts]) };
}

export type Position = Pick<Row, 'id' | 'queue' | 'seq' | 'weight'>;

/** The bytes of a row, made of a draft, in its place. */
export function withPosition({ place, bytes }: RowDraft, { id, queue, seq, weight }: Position): Buffer {
  bytes[3] = queue;
  bytes.writeUIntLE(id, ID_AT, 6);
  bytes.writeUIntLE(weight, WEIGHT_AT, 6);
  return moved(place, bytes, queue, seq);
}

/** A sound row with another place in the queues. Writes into `bytes`. */
export function moved(place: Buffer, bytes: Buffer, queue: Queue, seq: number): Buffer {
  bytes[3] = queue;
  bytes.writeUIntLE(seq, SEQ_AT, 6);
  bytes.writeUInt32LE(checksum(place, bytes), CRC_AT);
  return bytes;
}

/** Reads a row; its content is a part of `bytes`. */
export function readRow(place: Buffer, bytes: Buffer): Row | Unreadable {
  if (bytes.length < HEADER_BYTES) return 'corrupt';
  // A checksum that holds makes the format what was written, and not a flipped bit.
  if (checksum(place, bytes) !== bytes.readUInt32LE(CRC_AT)) return 'corrupt';
  if (bytes[0] !== FORMAT) return 'older-format';
  const flags = bytes[1]!;
  const reader = new TextReader(bytes, HEADER_BYTES);
  const loadMs = flags & LOAD_MS ? reader.double() : undefined;
  const revalidateMs = flags & REVALIDATE_MS ? reader.double() : undefined;
  const version = flags & VERSION ? reader.text() : undefined;
  const tags = flags & TAGS ? Array.from({ length: reader.count() }, () => reader.text()) : undefined;
  const key = flags & KEY ? reader.text() : keyAt(place)!;
  return {
    key,
    id: bytes.readUIntLE(ID_AT, 6),
    queue: bytes[3] === SMALL ? SMALL : MAIN,
    seq: bytes.readUIntLE(SEQ_AT, 6),
    weight: bytes.readUIntLE(WEIGHT_AT, 6),
    codec: bytes[2]!,
    content: flags & APART ? undefined : bytes.subarray(reader.at),
    meta: {
      negative: (flags & NEGATIVE) !== 0,
      storedAt: bytes.readDoubleLE(TIMES_AT),
      freshMs: bytes.readDoubleLE(TIMES_AT + 8),
      staleMs: bytes.readDoubleLE(TIMES_AT + 16),
      ...(version !== undefined && { version }),
      ...(tags !== undefined && { tags }),
      ...(loadMs !== undefined && { loadMs }),
      ...(revalidateMs !== undefined && { revalidateMs }),
    },
  };
}

/** When an entry is past all its time, ms since 1970; undefined when it never is. */
export function endOf({ storedAt, freshMs, staleMs }: RowMeta): number | undefined {
  const end = Math.max(0, Math.ceil(storedAt + freshMs + staleMs));
  // Later than the year 10,000, and NaN.
  return end < 2 ** 48 ? end : undefined;
}

/** `[crc u32][content]`: the checksum is over the place, the id and the content, so that no other entry's is taken for it. */
export function sealContent(place: Buffer, id: number, content: Uint8Array): Buffer {
  const crc = Buffer.allocUnsafe(4);
  crc.writeUInt32LE(contentChecksum(place, id, content));
  return Buffer.concat([crc, content]);
}

export const SEAL_BYTES = 4;

export function openContent(place: Buffer, id: number, sealed: Buffer | undefined): Buffer | undefined {
  if (sealed === undefined || sealed.length < SEAL_BYTES) return undefined;
  const content = sealed.subarray(SEAL_BYTES);
  return contentChecksum(place, id, content) === sealed.readUInt32LE(0) ? content : undefined;
}

function contentChecksum(place: Buffer, id: number, content: Uint8Array): number {
  const idBytes = Buffer.allocUnsafe(6);
  idBytes.writeUIntLE(id, 0, 6);
  return crc32(content, crc32(idBytes, crc32(place)));
}

function checksum(place: Buffer, bytes: Buffer): number {
  return crc32(bytes.subarray(ID_AT), crc32(bytes.subarray(0, CRC_AT), crc32(place)));
}

export function pushDouble(parts: Uint8Array[], number: number): void {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeDoubleLE(number);
  parts.push(bytes);
}

/** `[u32: length · 2 + 1 if in UTF-16][bytes]`: texts with half a surrogate pair come back as they were. */
export function pushText(parts: Uint8Array[], text: string): void {
  const narrow = text.isWellFormed();
  const bytes = Buffer.from(text, narrow ? 'utf8' : 'utf16le');
  const length = Buffer.allocUnsafe(4);
  length.writeUInt32LE(bytes.length * 2 + (narrow ? 0 : 1));
  parts.push(length, bytes);
}

/** Reads rows whose checksum holds, so that all lengths do. */
export class TextReader {
  readonly #bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  count(): number {
    this.at += 4;
    return this.#bytes.readUInt32LE(this.at - 4);
  }

  double(): number {
    this.at += 8;
    return this.#bytes.readDoubleLE(this.at - 8);
  }

  text(): string {
    const length = this.count();
    const from = this.at;
    this.at += length >>> 1;
    return this.#bytes.toString(length & 1 ? 'utf16le' : 'utf8', from, this.at);
  }
}
