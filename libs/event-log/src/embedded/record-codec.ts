import type { LogRecord, NewRecord } from '../event-log.js';

/**
 * A record's key: `[u32 topic][u16 partition][u64 offset][u32 size][f64 appendedAt]`, big-endian. The first three sort;
 * size and time stand in the key so that retention decides without touching values.
 */
export interface RecordKey {
  readonly topicId: number;
  readonly partition: number;
  readonly offset: bigint;
  /** Bytes of the stored value. */
  readonly size: number;
  readonly appendedAt: number;
}

const PLACE_BYTES = 14;
const KEY_BYTES = PLACE_BYTES + 12;
const LENGTH_BYTES = 4;

export function encodeKey({ topicId, partition, offset, size, appendedAt }: RecordKey): Buffer {
  const key = Buffer.allocUnsafe(KEY_BYTES);
  writePlace(key, topicId, partition, offset);
  key.writeUInt32BE(size, PLACE_BYTES);
  key.writeDoubleBE(appendedAt, PLACE_BYTES + 4);
  return key;
}

/** Sorts before the key of the record at this offset and after all before it: a bound for ranges. */
export function placeOf(topicId: number, partition: number, offset: bigint): Buffer {
  const place = Buffer.allocUnsafe(PLACE_BYTES);
  writePlace(place, topicId, partition, offset);
  return place;
}

export function decodeKey(key: Buffer): RecordKey {
  return {
    topicId: key.readUInt32BE(0),
    partition: key.readUInt16BE(4),
    offset: key.readBigUInt64BE(6),
    size: key.readUInt32BE(PLACE_BYTES),
    appendedAt: key.readDoubleBE(PLACE_BYTES + 4),
  };
}

/** `[u32 length of the head][head: JSON of [key, headers]][value]`. */
export function encodeRecord({ key, headers, value }: NewRecord): Buffer {
  const head = JSON.stringify([key, headers]);
  const headBytes = Buffer.byteLength(head);
  const bytes = Buffer.allocUnsafe(LENGTH_BYTES + headBytes + value.byteLength);
  bytes.writeUInt32BE(headBytes, 0);
  bytes.write(head, LENGTH_BYTES);
  bytes.set(value, LENGTH_BYTES + headBytes);
  return bytes;
}

/** The value is a view of `bytes`, which must not be used for anything else afterwards. */
export function decodeRecord(recordKey: Buffer, bytes: Buffer): LogRecord {
  const { partition, offset, appendedAt } = decodeKey(recordKey);
  const headEnd = LENGTH_BYTES + bytes.readUInt32BE(0);
  const [key, headers] = JSON.parse(bytes.toString('utf8', LENGTH_BYTES, headEnd)) as [string, Record<string, string>];
  return { partition, offset, appendedAt, key, headers, value: bytes.subarray(headEnd) };
}

function writePlace(key: Buffer, topicId: number, partition: number, offset: bigint): void {
  key.writeUInt32BE(topicId, 0);
  key.writeUInt16BE(partition, 4);
  key.writeBigUInt64BE(offset, 6);
}
