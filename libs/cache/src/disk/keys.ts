import { createHash } from 'node:crypto';
import type { Queue } from './row.js';

// Keys of the databases beside the index. Numbers are big-endian, so that they sort as they count.

const ID_BYTES = 6;
const TAG_HASH_BYTES = 16;

export function idKey(id: number): Buffer {
  const key = Buffer.allocUnsafe(ID_BYTES);
  key.writeUIntBE(id, 0, ID_BYTES);
  return key;
}

export function orderKey(queue: Queue, seq: number): Buffer {
  const key = Buffer.allocUnsafe(1 + ID_BYTES);
  key[0] = queue;
  key.writeUIntBE(seq, 1, ID_BYTES);
  return key;
}

/** All that waits in one queue. */
export function queueRange(queue: Queue): { start: Buffer; end: Buffer } {
  return { start: Buffer.of(queue), end: Buffer.of(queue + 1) };
}

/** What stands at a place in a queue: [id u48][weight u48][place]. */
export function orderValue(id: number, weight: number, place: Buffer): Buffer {
  const value = Buffer.allocUnsafe(2 * ID_BYTES + place.length);
  value.writeUIntBE(id, 0, ID_BYTES);
  value.writeUIntBE(weight, ID_BYTES, ID_BYTES);
  value.set(place, 2 * ID_BYTES);
  return value;
}

export const ORDER_VALUE_BYTES = 2 * ID_BYTES;

export interface Waiting {
  readonly queue: Queue;
  readonly seq: number;
  readonly id: number;
  readonly weight: number;
  readonly place: Buffer;
}

export function readOrder(key: Buffer, value: Buffer): Waiting {
  return {
    queue: key[0] === 0 ? 0 : 1,
    seq: key.readUIntBE(1, ID_BYTES),
    id: value.readUIntBE(0, ID_BYTES),
    weight: value.readUIntBE(ID_BYTES, ID_BYTES),
    place: value.subarray(2 * ID_BYTES),
  };
}

export function endKey(end: number, id: number): Buffer {
  const key = Buffer.allocUnsafe(2 * ID_BYTES);
  key.writeUIntBE(end, 0, ID_BYTES);
  key.writeUIntBE(id, ID_BYTES, ID_BYTES);
  return key;
}

export const END_KEY_BYTES = 2 * ID_BYTES;

export function endOfKey(key: Buffer): { readonly end: number; readonly id: number } {
  return { end: key.readUIntBE(0, ID_BYTES), id: key.readUIntBE(ID_BYTES, ID_BYTES) };
}

/** All whose time ended before `now`. */
export function endedBefore(now: number): { end: Buffer } {
  return { end: endKey(Math.max(0, Math.floor(now)) + 1, 0) };
}

export function tagHash(tag: string): Buffer {
  return createHash('sha256').update(Buffer.from(tag, 'utf16le')).digest().subarray(0, TAG_HASH_BYTES);
}

export function tagKey(hash: Buffer, id: number): Buffer {
  return Buffer.concat([hash, idKey(id)]);
}

export const TAG_KEY_BYTES = TAG_HASH_BYTES + ID_BYTES;

export function idOfTagKey(key: Buffer): number {
  return key.readUIntBE(TAG_HASH_BYTES, ID_BYTES);
}

/** All that have one tag. */
export function tagRange(hash: Buffer): { start: Buffer; end: Buffer } {
  return { start: hash, end: Buffer.concat([hash, Buffer.alloc(ID_BYTES + 1, 0xff)]) };
}
