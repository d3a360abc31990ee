import type { Clock } from '#libs/time';
import type { OptionProblem } from '../errors.js';
import { isObject } from '../validate/arguments.js';
import { isLimit } from '../validate/limits.js';
import { noOptions, unknownOptions } from '../validate/option-names.js';
import type { PressureOptions, PressureSource } from './pressure.js';

export interface CacheManagerOptions {
  /** What the memory tiers of all its caches may hold together, those without a limit of bytes left out. */
  readonly maxBytes: number;
  /** Where it reads how full memory is, such as `memoryPressure()` of the Node door. Default: nowhere. */
  readonly pressure?: PressureSource;
  readonly pressureOptions?: PressureOptions;
  /** Pressure is looked at so often, ms. Default 1,000. */
  readonly lookEveryMs?: number;
  /** The budget is split anew so often, ms. Default 10,000. */
  readonly splitEveryMs?: number;
  readonly clock?: Clock;
  /** Told of faults that it survives. */
  readonly onProblem?: (problem: Error) => void;
}

const FIELDS: Readonly<Record<keyof CacheManagerOptions, true>> = {
  maxBytes: true,
  pressure: true,
  pressureOptions: true,
  lookEveryMs: true,
  splitEveryMs: true,
  clock: true,
  onProblem: true,
};

/** What is wrong with the options of a manager. */
export function managerProblems(options: CacheManagerOptions): OptionProblem[] {
  if (!isObject(options)) return noOptions(options, '{ maxBytes: 512 * 2 ** 20 }');
  const problems: OptionProblem[] = unknownOptions(options, FIELDS);
  const { maxBytes, pressureOptions = {} } = options;
  if (!isLimit(maxBytes))
    problems.push({ path: 'maxBytes', message: `${String(maxBytes)} is no budget. Give a whole number of bytes.` });
  for (const path of ['lookEveryMs', 'splitEveryMs'] as const)
    if (options[path] !== undefined && !(options[path] > 0))
      problems.push({ path, message: `${String(options[path])} is no time. Give milliseconds, more than 0.` });
  const { calmBelow = 0.7, tightAt = 0.85, criticalAt = 0.95 } = pressureOptions;
  if (!(calmBelow > 0 && calmBelow < tightAt && tightAt <= criticalAt))
    problems.push({
      path: 'pressureOptions',
      message: `calmBelow ${calmBelow}, tightAt ${tightAt} and criticalAt ${criticalAt} do not rise. Give shares of the limit in that order.`,
    });
  return problems;
}
