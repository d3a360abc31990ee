import type { OptionProblem } from '../errors.js';
import { LIMIT_FIELDS, limitProblems } from '../validate/limits.js';
import { unknownOptions } from '../validate/option-names.js';
import { codecProblems, type ValueCodec } from './value-codec.js';

export interface DiskOptions {
  /**
   * Directory of the tier; made when it is missing. Several caches, tiers and processes may have it open. It holds nothing
   * but what can be fetched again.
   */
  readonly path: string;
  /** Most that its entries may take of the file, bytes. The file itself may get half larger, and does not shrink. */
  readonly maxBytes: number;
  /** Most entries. Default: no limit. */
  readonly maxEntries?: number;
  /** How values are written down. Default: `structuredCodec`. Entries of another codec are misses. */
  readonly codec?: ValueCodec;
}

const FIELDS: Readonly<Record<keyof DiskOptions, true>> = { path: true, ...LIMIT_FIELDS, codec: true };

/** What is wrong with the options of a disk tier. */
export function diskProblems(options: Partial<DiskOptions>): OptionProblem[] {
  const problems = unknownOptions(options, FIELDS);
  const { path, maxBytes, codec } = options;
  if (typeof path !== 'string' || path === '' || path.includes('\0'))
    problems.push({ path: 'path', message: 'names no directory. Give one that can be made and written.' });
  if (maxBytes === undefined)
    problems.push({ path: 'maxBytes', message: 'is left out. Give a number of bytes: a disk has an end.' });
  return [...problems, ...limitProblems(options), ...codecProblems(codec)];
}
