import type { OptionProblem } from '../errors.js';
import { changedLimits, type TierLimits } from '../tier/tier.js';
import { unknownOptions } from './option-names.js';

export const LIMIT_FIELDS = { maxBytes: true, maxEntries: true } as const satisfies Record<keyof TierLimits, true>;

/** Whether it is a limit on entries or bytes: whole, 0 or more. */
export function isLimit(limit: unknown): limit is number {
  return Number.isSafeInteger(limit) && (limit as number) >= 0;
}

/** What is wrong with the limits that a tier is made with. */
export function limitProblems({ maxBytes, maxEntries }: TierLimits): OptionProblem[] {
  return Object.entries({ maxBytes, maxEntries })
    .filter(([, limit]) => limit !== undefined && !isLimit(limit))
    .map(([path, limit]) => ({ path, message: `${String(limit)} is no limit. Give a whole number, 0 or more.` }));
}

/** Checks what the limits of a tier are to be changed to; `Infinity` takes one away. @throws TypeError */
export function checkChange(limits: TierLimits): void {
  const [unknown] = unknownOptions(limits, LIMIT_FIELDS, 'limit');
  if (unknown !== undefined) throw new TypeError(`${unknown.path}: ${unknown.message}`);
  for (const [name, limit] of Object.entries(limits))
    if (limit !== undefined && limit !== Number.POSITIVE_INFINITY && !isLimit(limit))
      throw new TypeError(
        `${name}: ${String(limit)} is no limit. Give a whole number, 0 or more, or Infinity to take it away.`,
      );
}

/** A memory tier must have an end after a change, too. @throws TypeError */
export function checkEnd(limits: TierLimits, change: TierLimits): void {
  const { maxBytes, maxEntries } = changedLimits(limits, change);
  if (maxBytes !== undefined || maxEntries !== undefined) return;
  const [taken, unit, other] =
    limits.maxBytes === undefined ? ['maxEntries', 'entries', 'maxBytes'] : ['maxBytes', 'bytes', 'maxEntries'];
  throw new TypeError(
    `${taken}: without it the memory tier would have no limit. Give a number of ${unit}, or ${other} with it.`,
  );
}
