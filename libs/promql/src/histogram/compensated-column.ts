import type { Buckets } from '../values/float-histogram.js';
import { exponentialBound } from './bucket-bounds.js';
import { sameIndex } from './bucket-index.js';
import { addAt, addEach } from './compensated-sum.js';
import { coarserIndex } from './resolution.js';

/** Buckets of one sign with what rounding took from their counts. */
export interface Column {
  index: number[];
  count: number[];
  lost: number[];
}

/** A copy of buckets that lack nothing. */
export function columnOf({ index, count }: Buckets): Column {
  return { index: index.slice(), count: count.slice(), lost: count.map(() => 0) };
}

export function copyOf({ index, count, lost }: Column): Column {
  return { index: index.slice(), count: count.slice(), lost: lost.slice() };
}

/** Adds a count with what it lacks to the last bucket if that is the one, or puts it behind. */
function put(column: Column, index: number, count: number, lost: number): void {
  const last = column.index.length - 1;
  if (last >= 0 && column.index[last] === index) {
    addAt(column.count, column.lost, last, count);
    addAt(column.count, column.lost, last, lost);
  } else {
    column.index.push(index);
    column.count.push(count);
    column.lost.push(lost);
  }
}

/** In a coarser schema; itself when the schema stays. */
export function coarser(column: Column, schema: number, target: number): Column {
  if (schema === target) return column;
  const coarse: Column = { index: [], count: [], lost: [] };
  for (const [at, index] of column.index.entries()) {
    put(coarse, coarserIndex(index, schema, target), column.count[at] ?? 0, column.lost[at] ?? 0);
  }
  return coarse;
}

/** Without the buckets before a place; without any when that is below 0. */
export function from(column: Column, first: number): Column {
  if (first === 0) return column;
  if (first < 0) return { index: [], count: [], lost: [] };
  return { index: column.index.slice(first), count: column.count.slice(first), lost: column.lost.slice(first) };
}

/** Without the buckets that are empty and lack nothing. */
export function filled(column: Column): Column {
  const kept: Column = { index: [], count: [], lost: [] };
  for (const [at, index] of column.index.entries()) {
    const count = column.count[at] ?? 0;
    const lost = column.lost[at] ?? 0;
    if (count !== 0 || lost !== 0) put(kept, index, count, lost);
  }
  return kept;
}

/** Adds buckets, from a place on, with what rounding took from them if something did, to a column. O(n + m) */
export function added(to: Column, { index, count }: Buckets, first = 0, lost?: readonly number[]): Column {
  const sum: Column = { index: [], count: [], lost: [] };
  let at = 0;
  for (let place = first; place < index.length; place++) {
    const next = index[place] ?? 0;
    for (; at < to.index.length && (to.index[at] ?? 0) <= next; at++) {
      sum.index.push(to.index[at] ?? 0);
      sum.count.push(to.count[at] ?? 0);
      sum.lost.push(to.lost[at] ?? 0);
    }
    put(sum, next, count[place] ?? 0, lost?.[place] ?? 0);
  }
  for (; at < to.index.length; at++) {
    sum.index.push(to.index[at] ?? 0);
    sum.count.push(to.count[at] ?? 0);
    sum.lost.push(to.lost[at] ?? 0);
  }
  return sum;
}

/** Adds buckets to a column of the same schema, in place where both have the same ones, as most often. */
export function addedAlike(to: Column, buckets: Buckets, first: number): Column {
  if (first !== 0 || !sameIndex(to.index, buckets.index)) return added(to, buckets, first);
  addEach(to.count, to.lost, buckets.count);
  return to;
}

/** The place of the first bucket that does not end in the zero bucket. */
export function firstOutside(
  { index }: { readonly index: readonly number[] },
  schema: number,
  threshold: number,
): number {
  if (threshold === 0) return 0;
  const first = index.findIndex((bucket) => exponentialBound(schema, bucket) > threshold);
  return first < 0 ? index.length : first;
}
