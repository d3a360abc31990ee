import type { OptionProblem } from '../errors.js';
import { kindOf } from './arguments.js';

/** Names that no option has: mistyped ones would do nothing, and nobody would know. */
export function unknownOptions(
  options: object,
  known: Readonly<Record<string, true>>,
  what = 'option',
): OptionProblem[] {
  const message = `there is no such ${what}. There are ${Object.keys(known).join(', ')}.`;
  return Object.keys(options)
    .filter((path) => !Object.hasOwn(known, path))
    .map((path) => ({ path, message }));
}

/** The one problem of options that are no object. */
export function noOptions(given: unknown, instead: string): OptionProblem[] {
  return [{ path: 'options', message: `is ${kindOf(given)}. Give an object such as ${instead}.` }];
}
