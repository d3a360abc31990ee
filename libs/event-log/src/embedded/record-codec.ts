import type { NewRecord } from '../event-log.js';

/** What stands in the store for one record: `[u32 length of head][head as JSON][value]`. */
export interface StoredRecord extends NewRecord {
  readonly appendedAt: number;
}

const LENGTH_BYTES = 4;

export function encodeRecord({ key, headers, value, appendedAt }: StoredRecord): Buffer {
  const head = Buffer.from(JSON.stringify([key, appendedAt, headers]));
  const bytes = Buffer.allocUnsafe(LENGTH_BYTES + head.length + value.byteLength);
  bytes.writeUInt32LE(head.length, 0);
  head.copy(bytes, LENGTH_BYTES);
  bytes.set(value, LENGTH_BYTES + head.length);
  return bytes;
}

/** The value is a copy: the store's own pages are not handed out. */
export function decodeRecord(bytes: Buffer): StoredRecord {
  const headEnd = LENGTH_BYTES + bytes.readUInt32LE(0);
  const [key, appendedAt, headers] = JSON.parse(bytes.toString('utf8', LENGTH_BYTES, headEnd)) as [
    string,
    number,
    Record<string, string>,
  ];
  return { key, appendedAt, headers, value: Uint8Array.prototype.slice.call(bytes, headEnd) };
}

/** Sorts by partition, then offset: `[u16 topic][u16 partition][u64 offset]`, big-endian. */
export function recordKey(topicId: number, partition: number, offset: bigint): Buffer {
  const key = Buffer.allocUnsafe(12);
  key.writeUInt16BE(topicId, 0);
  key.writeUInt16BE(partition, 2);
  key.writeBigUInt64BE(offset, 4);
  return key;
}

export function offsetOf(key: Buffer): bigint {
  return key.readBigUInt64BE(4);
}
