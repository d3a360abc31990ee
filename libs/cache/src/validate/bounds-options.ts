import { POLICY_NAMES } from '#libs/cache-policies';
import type { OptionProblem } from '../errors.js';
import type { Bounds, LimitBounds, RemoteOperation } from '../options.js';
import type { Tier } from '../tier/tier.js';
import { checkDuration } from './check-duration.js';
import { isLimit } from './limits.js';

const OPERATIONS: Readonly<Record<RemoteOperation, true>> = {
  settings: true,
  pause: true,
  clear: true,
  invalidate: true,
  pin: true,
  warm: true,
  inspect: true,
  verify: true,
  export: true,
  import: true,
};
const LIMITS: readonly (keyof LimitBounds)[] = ['minBytes', 'maxBytes', 'minEntries', 'maxEntries'];
const FIELDS: readonly string[] = [...LIMITS, 'tiers', 'maxTtl', 'policies', 'operations'] satisfies (keyof Bounds)[];

/** What is wrong with the bounds of remote control: a mistake in them must not leave a cache without any. */
export function boundsProblems(bounds: Bounds | undefined, tiers: readonly Tier[] | undefined): OptionProblem[] {
  if (bounds === undefined) return [];
  const problems: OptionProblem[] = [];
  const add = (path: string, message: string) => void problems.push({ path: `bounds${path}`, message });
  if (!isMap(bounds)) {
    add('', `is ${bounds === null ? 'null' : typeof bounds}. Give an object such as { maxBytes: 2 ** 30 }.`);
    return problems;
  }
  checkLimits(bounds, '', FIELDS, add);
  if (bounds.tiers !== undefined && !isMap(bounds.tiers)) add('.tiers', 'is no object. Give bounds by tier.');
  else
    for (const [tier, limits] of Object.entries(bounds.tiers ?? {})) {
      if (Array.isArray(tiers) && !tiers.some((one: Tier | undefined) => one?.name === tier))
        add(`.tiers.${tier}`, 'the cache has no such tier. Name one that it has, or leave it out.');
      if (isMap(limits)) checkLimits(limits, `.tiers.${tier}`, LIMITS, add);
      else add(`.tiers.${tier}`, 'is no object. Give bounds such as { maxBytes: 2 ** 30 }.');
    }
  checkDuration(bounds.maxTtl, '.maxTtl', add);
  checkWords(bounds.policies, 'policies', 'policy', ['adaptive', ...POLICY_NAMES], add);
  checkWords(bounds.operations, 'operations', 'operation', Object.keys(OPERATIONS), add);
  return problems;
}

function checkLimits(
  bounds: LimitBounds,
  path: string,
  fields: readonly string[],
  add: (path: string, message: string) => void,
): void {
  for (const field of Object.keys(bounds))
    if (!fields.includes(field)) add(`${path}.${field}`, `there is no such bound. There are ${fields.join(', ')}.`);
  for (const field of LIMITS)
    if (bounds[field] !== undefined && !isLimit(bounds[field]))
      add(`${path}.${field}`, `${String(bounds[field])} is no limit. Give a whole number, 0 or more.`);
  for (const [least, most] of [
    ['minBytes', 'maxBytes'],
    ['minEntries', 'maxEntries'],
  ] as const)
    if (bounds[least] !== undefined && bounds[most] !== undefined && bounds[least] > bounds[most])
      add(`${path}.${least}`, `is more than bounds${path}.${most}, ${bounds[most]}. Swap them.`);
}

function checkWords(
  given: readonly string[] | undefined,
  field: string,
  what: string,
  known: readonly string[],
  add: (path: string, message: string) => void,
): void {
  if (given === undefined) return;
  if (!Array.isArray(given)) {
    add(`.${field}`, `is no list. Give some of ${known.join(', ')}.`);
    return;
  }
  for (const word of given as readonly unknown[])
    if (!known.includes(word as string))
      add(`.${field}`, `${String(word)} is no ${what}. Take some of ${known.join(', ')}.`);
}

function isMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
