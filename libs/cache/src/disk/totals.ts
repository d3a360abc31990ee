import { crc32 } from 'node:zlib';
import type { Bytes } from './environment.js';

/** What a cache holds on disk, written in the transaction of every change: it is right after any end of a process. */
export interface Totals {
  entries: number;
  bytes: number;
  /** Of those, the bytes of entries that were not used since they came. */
  smallBytes: number;
  /** Number that the next write gets. */
  nextId: number;
  /** Number that the next change told to others gets. */
  nextChange: number;
  /** Instances that have the cache open, as far as is known. */
  instances: number;
}

export const NO_TOTALS: Totals = { entries: 0, bytes: 0, smallBytes: 0, nextId: 1, nextChange: 1, instances: 0 };

const KEY = Buffer.from('totals');
// [crc u32][layout u32] and the numbers, f64 each.
const FIELDS = ['entries', 'bytes', 'smallBytes', 'nextId', 'nextChange', 'instances'] as const;
const BYTES = 8 + 8 * FIELDS.length;

/** Undefined when there are none, or they are of another layout or damaged. */
export function readTotals(meta: Bytes, layout: number): Totals | undefined {
  const bytes = meta.getBinary(KEY);
  if (bytes?.length !== BYTES) return undefined;
  if (crc32(bytes.subarray(4)) !== bytes.readUInt32LE(0) || bytes.readUInt32LE(4) !== layout) return undefined;
  const totals = { ...NO_TOTALS };
  for (const [i, field] of FIELDS.entries()) totals[field] = bytes.readDoubleLE(8 + 8 * i);
  return totals;
}

/** Within a write transaction. */
export function writeTotals(meta: Bytes, layout: number, totals: Totals): void {
  const bytes = Buffer.allocUnsafe(BYTES);
  bytes.writeUInt32LE(layout, 4);
  for (const [i, field] of FIELDS.entries()) bytes.writeDoubleLE(totals[field], 8 + 8 * i);
  bytes.writeUInt32LE(crc32(bytes.subarray(4)), 0);
  void meta.put(KEY, bytes);
}
