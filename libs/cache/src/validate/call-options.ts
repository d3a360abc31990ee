import type { LoadOptions, WriteOptions } from '../options.js';
import { durationMs } from '../load/duration.js';
import { kindOf, requireObject } from './arguments.js';

type ByOption = { readonly by?: unknown };

const WRITE_FIELDS: Readonly<Record<keyof WriteOptions, true>> = {
  ttl: true,
  maxAge: true,
  staleWhileRevalidate: true,
  staleIfError: true,
  tags: true,
  version: true,
  cost: true,
};

const LOAD_FIELDS: Readonly<Record<keyof LoadOptions | keyof ByOption, true>> = {
  ...WRITE_FIELDS,
  negativeTtl: true,
  softTimeout: true,
  hardTimeout: true,
  signal: true,
  refresh: true,
  within: true,
  by: true,
};

const DURATIONS: ReadonlySet<string> = new Set([
  'ttl',
  'maxAge',
  'staleWhileRevalidate',
  'staleIfError',
  'negativeTtl',
  'softTimeout',
  'hardTimeout',
]);

/** What a call says of how its value is kept, looked at before anything is done. @throws TypeError */
export function checkWriteOptions(options: WriteOptions): void {
  check(options, WRITE_FIELDS, "{ ttl: '1h', tags: ['book:7'] }");
}

/** What a call says of how it loads, and keeps what it loads, looked at before anything is done. @throws TypeError */
export function checkLoadOptions(options: LoadOptions): void {
  check(options, LOAD_FIELDS, "{ ttl: '1h', softTimeout: '200ms' }");
}

/** Tags are texts. @throws TypeError */
export function checkTags(tags: unknown): void {
  if (!Array.isArray(tags)) throw new TypeError(`tags: is ${kindOf(tags)}. Give a list of texts, such as ['book:7'].`);
  for (const tag of tags as unknown[]) checkTag(tag);
}

/** @throws TypeError */
export function checkTag(tag: unknown): void {
  if (typeof tag !== 'string') throw new TypeError(`A tag is a text, and this is ${kindOf(tag)}. Give its name.`);
}

function check(options: WriteOptions, known: Readonly<Record<string, true>>, instead: string): void {
  requireObject(options, 'options', `an object such as ${instead}, or leave it out`);
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(known, name))
      throw new TypeError(`${name}: there is no such option here. There are ${Object.keys(known).join(', ')}.`);
    const given = (options as Readonly<Record<string, unknown>>)[name];
    if (given !== undefined) checkOption(name, given);
  }
}

function checkOption(name: string, given: unknown): void {
  if (DURATIONS.has(name)) durationMs(given as number, name);
  else if (name === 'tags') checkTags(given);
  else if (name === 'version' && typeof given !== 'string')
    throw new TypeError(`version: is ${kindOf(given)}. Give a text, such as an ETag.`);
  else if (name === 'cost' && !(typeof given === 'number' && given >= 0 && given < Number.POSITIVE_INFINITY))
    throw new TypeError(`cost: ${typeof given === 'number' ? given : kindOf(given)} is no cost. Give ms, 0 or more.`);
  else if (name === 'refresh' && typeof given !== 'boolean')
    throw new TypeError(`refresh: is ${kindOf(given)}. Give true or false.`);
  else if (name === 'signal' && !(given instanceof AbortSignal))
    throw new TypeError(`signal: is ${kindOf(given)}. Give that of an AbortController.`);
}
