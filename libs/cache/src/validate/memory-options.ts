import { POLICY_NAMES } from '#libs/cache-policies';
import type { OptionProblem } from '../errors.js';
import type { MemoryOptions } from '../memory/memory-options.js';
import { isLimit, LIMIT_FIELDS, limitProblems } from './limits.js';
import { unknownOptions } from './option-names.js';

const FIELDS: Readonly<Record<keyof MemoryOptions, true>> = {
  ...LIMIT_FIELDS,
  policy: true,
  weigher: true,
  overheadBytes: true,
  costAware: true,
  admit: true,
};

/** What is wrong with the options of a memory tier. */
export function memoryProblems(options: MemoryOptions): OptionProblem[] {
  const problems = unknownOptions(options, FIELDS);
  const { maxBytes, maxEntries, policy, weigher, admit, costAware, overheadBytes } = options;
  if (maxBytes === undefined && maxEntries === undefined)
    problems.push({ path: 'maxBytes', message: 'neither it nor maxEntries is given. Give one: memory has an end.' });
  problems.push(...limitProblems(options));
  if (overheadBytes !== undefined && !isLimit(overheadBytes))
    problems.push({
      path: 'overheadBytes',
      message: `${String(overheadBytes)} is no size. Give a whole number of bytes, 0 or more.`,
    });
  const policies: readonly string[] = ['adaptive', ...POLICY_NAMES];
  if (policy !== undefined && !policies.includes(policy))
    problems.push({ path: 'policy', message: `${String(policy)} is no policy. Take one of ${policies.join(', ')}.` });
  for (const [path, asked] of Object.entries({ weigher, admit }))
    if (asked !== undefined && typeof asked !== 'function')
      problems.push({ path, message: `is ${typeof asked}. Give a function, or leave it out.` });
  if (costAware !== undefined && typeof costAware !== 'boolean')
    problems.push({ path: 'costAware', message: `is ${typeof costAware}. Give true or false.` });
  return problems;
}
