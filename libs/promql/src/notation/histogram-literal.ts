import { CUSTOM_BUCKETS, type Buckets, type CounterResetHint, type FloatHistogram } from '../values/float-histogram.js';
import type { Cursor } from './cursor.js';
import { numberOf, UNSIGNED } from './number.js';

/** A histogram as it is written, and whether it says something of resets: only then is that compared. */
export interface WrittenHistogram {
  readonly histogram: FloatHistogram;
  readonly hintGiven: boolean;
}

const SIGNED = new RegExp(`[+-]?${UNSIGNED}`, 'y');
const SPACE = /[ \t]+/y;

interface Described {
  numbers: Map<string, number>;
  lists: Map<string, number[]>;
  hint?: CounterResetHint;
}

const NUMBERS = ['schema', 'sum', 'count', 'z_bucket', 'z_bucket_w', 'offset', 'n_offset'];
const LISTS = ['buckets', 'n_buckets', 'custom_values'];
const HINTS: readonly CounterResetHint[] = ['unknown', 'reset', 'not_reset', 'gauge'];

function readNumber(cursor: Cursor, key: string): number {
  const value = numberOf(cursor.take(SIGNED) ?? cursor.fail(`a number for ${key}`));
  const isWhole = key === 'schema' || key === 'offset' || key === 'n_offset';
  if (isWhole && !Number.isSafeInteger(value)) cursor.fail(`a whole number for ${key}`);
  return value;
}

function readList(cursor: Cursor, key: string): number[] {
  if (!cursor.skip('[')) cursor.fail(`a list for ${key}, as in ${key}:[5 10 7],`);
  const list: number[] = [];
  for (;;) {
    cursor.take(SPACE);
    if (cursor.skip(']')) return list;
    list.push(numberOf(cursor.take(SIGNED) ?? cursor.fail(`a number or ] in ${key}`)));
  }
}

function readHint(cursor: Cursor): CounterResetHint {
  const word = cursor.take(/[a-z_]+/y);
  return HINTS.find((hint) => hint === word) ?? cursor.fail(`one of ${HINTS.join(', ')} before`);
}

function readProperty(cursor: Cursor, described: Described): void {
  const key = cursor.take(/[a-z_]+(?=:)/y) ?? cursor.fail('a property (as schema:1, buckets:[5 10 7]) or }}');
  cursor.skip(':');
  const given = described.numbers.has(key) || described.lists.has(key);
  if (given || (key === 'counter_reset_hint' && described.hint !== undefined)) {
    cursor.fail(`a property other than ${key}, which is given already,`);
  }
  if (NUMBERS.includes(key)) described.numbers.set(key, readNumber(cursor, key));
  else if (LISTS.includes(key)) described.lists.set(key, readList(cursor, key));
  else if (key === 'counter_reset_hint') described.hint = readHint(cursor);
  else cursor.fail(`one of ${[...NUMBERS, ...LISTS, 'counter_reset_hint'].join(', ')} in place of ${key}`);
}

function bucketsFrom(offset: number, count: readonly number[]): Buckets {
  return { index: count.map((_, at) => offset + at), count };
}

/**
 * `{{schema:1 sum:3 count:22 z_bucket:1 z_bucket_w:0.5 buckets:[5 10 7] offset:-2 n_buckets:[1] …}}`: everything may be
 * left out, and is 0 then. @throws MisreadError
 */
export function readHistogram(cursor: Cursor): WrittenHistogram {
  if (!cursor.skip('{{')) cursor.fail('a histogram in {{ }}');
  const described: Described = { numbers: new Map(), lists: new Map() };
  for (;;) {
    cursor.take(SPACE);
    if (cursor.skip('}}')) break;
    readProperty(cursor, described);
  }
  const number = (key: string): number => described.numbers.get(key) ?? 0;
  const list = (key: string): number[] => described.lists.get(key) ?? [];
  const schema = number('schema');
  const custom = schema === CUSTOM_BUCKETS || described.lists.has('custom_values');
  const histogram: FloatHistogram = {
    counterReset: described.hint ?? 'unknown',
    schema,
    zeroThreshold: number('z_bucket_w'),
    zeroCount: number('z_bucket'),
    count: number('count'),
    sum: number('sum'),
    positive: bucketsFrom(number('offset'), list('buckets')),
    negative: bucketsFrom(number('n_offset'), list('n_buckets')),
    ...(custom ? { customBounds: list('custom_values') } : {}),
  };
  return { histogram, hintGiven: described.hint !== undefined };
}
