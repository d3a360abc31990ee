import { expect } from '@jest/globals';

/**
 * What `expect(actual).toEqual(expected)` says of values or lists of them, for the innermost loops of a property: a
 * matcher costs far more than the step it judges, so it is asked only where the two differ.
 */
export function expectSame(actual: unknown, expected: unknown): void {
  const same =
    Array.isArray(actual) && Array.isArray(expected)
      ? actual.length === expected.length && actual.every((one, at) => Object.is(one, expected[at]))
      : Object.is(actual, expected);
  if (!same) expect(actual).toEqual(expected);
}
