import { crc32 } from 'node:zlib';
import { pushDouble, pushText, TextReader, type RowMeta, type Unreadable } from '../disk/row.js';

/** Raised with every change of what the bytes below mean. */
export const FORMAT = 1;

// [format u8][flags u8][codec u8][0][crc of the head u32][crc of the content u32][length of the head u32]
// [storedAt f64][freshMs f64][staleMs f64] and then, as the flags say, [loadMs f64][revalidateMs f64][version][count u32, tags]; that is the
// head. The content follows. Checksums are over the key, too, so that another key's row is not taken for it; that of the
// head leaves itself out. The scripts know where the length of the head stands.
const HEAD_CRC_AT = 4;
const CONTENT_CRC_AT = 8;
const HEAD_BYTES_AT = 12;
const TIMES_AT = 16;
const FIXED_BYTES = 40;

const NEGATIVE = 1;
const LOAD_MS = 2;
const VERSION = 4;
const TAGS = 8;
const REVALIDATE_MS = 16;

/** What is known of an entry without its value. */
export interface Head {
  readonly meta: RowMeta;
  readonly codec: number;
}

export interface WholeRow extends Head {
  readonly content: Buffer;
}

/** Puts an entry in bytes. */
export function encodeRow(key: Buffer, meta: RowMeta, codec: number, content: Uint8Array): Buffer {
  const fixed = Buffer.alloc(FIXED_BYTES);
  const parts: Uint8Array[] = [fixed];
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
  const headBytes = parts.reduce((sum, { length }) => sum + length, 0);
  fixed[0] = FORMAT;
  fixed[1] = flags;
  fixed[2] = codec;
  fixed.writeUInt32LE(headBytes, HEAD_BYTES_AT);
  fixed.writeDoubleLE(meta.storedAt, TIMES_AT);
  fixed.writeDoubleLE(meta.freshMs, TIMES_AT + 8);
  fixed.writeDoubleLE(meta.staleMs, TIMES_AT + 16);
  const keyed = crc32(key);
  fixed.writeUInt32LE(crc32(content, keyed), CONTENT_CRC_AT);
  parts.push(content);
  const row = Buffer.concat(parts);
  row.writeUInt32LE(headChecksum(keyed, row, headBytes), HEAD_CRC_AT);
  return row;
}

/** Reads the head of a row, of which the rest may be left out. */
export function readHead(key: Buffer, row: Buffer): (Head & { readonly headBytes: number }) | Unreadable {
  if (row.length < FIXED_BYTES) return 'corrupt';
  const headBytes = row.readUInt32LE(HEAD_BYTES_AT);
  if (headBytes < FIXED_BYTES || headBytes > row.length) return 'corrupt';
  // A checksum that holds makes the format what was written, and not a flipped bit.
  if (headChecksum(crc32(key), row, headBytes) !== row.readUInt32LE(HEAD_CRC_AT)) return 'corrupt';
  if (row[0] !== FORMAT) return 'older-format';
  const flags = row[1]!;
  const reader = new TextReader(row, FIXED_BYTES);
  const loadMs = flags & LOAD_MS ? reader.double() : undefined;
  const revalidateMs = flags & REVALIDATE_MS ? reader.double() : undefined;
  const version = flags & VERSION ? reader.text() : undefined;
  const tags = flags & TAGS ? Array.from({ length: reader.count() }, () => reader.text()) : undefined;
  return {
    headBytes,
    codec: row[2]!,
    meta: {
      negative: (flags & NEGATIVE) !== 0,
      storedAt: row.readDoubleLE(TIMES_AT),
      freshMs: row.readDoubleLE(TIMES_AT + 8),
      staleMs: row.readDoubleLE(TIMES_AT + 16),
      ...(version !== undefined && { version }),
      ...(tags !== undefined && { tags }),
      ...(loadMs !== undefined && { loadMs }),
      ...(revalidateMs !== undefined && { revalidateMs }),
    },
  };
}

/** Reads a whole row; its content is a part of it. */
export function readRow(key: Buffer, row: Buffer): WholeRow | Unreadable {
  const head = readHead(key, row);
  if (typeof head === 'string') return head;
  const content = row.subarray(head.headBytes);
  if (crc32(content, crc32(key)) !== row.readUInt32LE(CONTENT_CRC_AT)) return 'corrupt';
  return { meta: head.meta, codec: head.codec, content };
}

function headChecksum(keyed: number, row: Buffer, headBytes: number): number {
  return crc32(row.subarray(CONTENT_CRC_AT, headBytes), crc32(row.subarray(0, HEAD_CRC_AT), keyed));
}
