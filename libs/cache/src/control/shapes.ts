import { POLICY_NAMES } from '#libs/cache-policies';
import type { ControlOperation, ControlSettings, EntryCondition } from '#libs/contracts';
import { isLimit } from '../validate/limits.js';

const FIELDS: Readonly<Record<keyof ControlSettings, (value: unknown) => boolean>> = {
  tiers: (tiers) =>
    isMap(tiers) &&
    Object.values(tiers).every(
      (limits) =>
        isMap(limits) &&
        Object.entries(limits).every(([name, limit]) => ['maxBytes', 'maxEntries'].includes(name) && isLimit(limit)),
    ),
  policy: (policy) => policy === 'adaptive' || (POLICY_NAMES as readonly unknown[]).includes(policy),
  ttlMs: isLimit,
  maxAgeMs: isLimit,
  staleWhileRevalidateMs: isLimit,
  staleIfErrorMs: isLimit,
  negativeTtlMs: isLimit,
  ttlJitter: (share) => isWithin(share, 1),
  earlyRefresh: (beta) => isWithin(beta, 10),
  paused: (paused) => typeof paused === 'boolean',
  sampling: (sampling) =>
    isMap(sampling) &&
    Object.keys(sampling).length === 1 &&
    (isLimit(sampling['maxKeys']) || isWithin(sampling['rate'], 1)),
};

/**
 * What is wrong with the shape of settings that came from afar, or undefined. By hand: the API has checked them by the
 * schema, which would weigh more in a page than all that it would guard.
 */
export function shapeProblem(settings: ControlSettings): string | undefined {
  for (const [name, value] of Object.entries(settings)) {
    if (!Object.hasOwn(FIELDS, name)) return `There is no setting ${name} here: this version does not know it.`;
    if (!FIELDS[name as keyof ControlSettings](value)) return `${name} cannot be set to that.`;
  }
  return undefined;
}

const OPERATION_FIELDS: Readonly<Record<keyof ControlOperation, (value: unknown) => boolean>> = {
  do: isText,
  tier: isText,
  key: isText,
  tag: isText,
  prefix: (prefix) => isText(prefix) && prefix !== '',
  where: (where) =>
    isMap(where) &&
    Object.entries(where).every(
      ([name, value]) => Object.hasOwn(CONDITIONS, name) && CONDITIONS[name as keyof EntryCondition](value),
    ),
  keys: (keys) => Array.isArray(keys) && keys.every(isText),
  hottest: isLimit,
  repair: (repair) => typeof repair === 'boolean',
};
const CONDITIONS: Readonly<Record<keyof EntryCondition, (value: unknown) => boolean>> = {
  olderThanMs: isLimit,
  largerThanBytes: isLimit,
  negative: (negative) => typeof negative === 'boolean',
};

/** The same of an operation. A condition that this version does not know is none to leave out: more would be removed. */
export function operationShapeProblem(operation: ControlOperation): string | undefined {
  const wrong = Object.entries(operation).find(
    ([name, value]) =>
      !Object.hasOwn(OPERATION_FIELDS, name) || !OPERATION_FIELDS[name as keyof ControlOperation](value),
  );
  return wrong && `${wrong[0]} is not one that this version knows.`;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isWithin(value: unknown, most: number): boolean {
  return typeof value === 'number' && value >= 0 && value <= most;
}
