import { POLICY_NAMES } from '#libs/cache-policies';
import type { OptionProblem } from '../errors.js';
import type { MemoryOptions } from '../memory/memory-options.js';

/** What is wrong with the options of a memory tier. */
export function memoryProblems(options: MemoryOptions): OptionProblem[] {
  const problems: OptionProblem[] = [];
  const { maxBytes, maxEntries, policy, weigher, admit, costAware, overheadBytes } = options;
  if (maxBytes === undefined && maxEntries === undefined)
    problems.push({ path: 'maxBytes', message: 'neither it nor maxEntries is given. Give one: memory has an end.' });
  for (const [path, limit] of Object.entries({ maxBytes, maxEntries }))
    if (limit !== undefined && !isLimit(limit))
      problems.push({ path, message: `${String(limit)} is no limit. Give a whole number, 0 or more.` });
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

/** Whether it is a limit on entries or bytes: whole, 0 or more. */
export function isLimit(limit: unknown): limit is number {
  return Number.isSafeInteger(limit) && (limit as number) >= 0;
}
