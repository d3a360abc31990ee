import { limitBeyond, notAllowed, policyBeyond, ttlBeyond } from './bounds.js';
import type { CacheDescription } from './commands.js';
import type { ControlSettings } from './settings.js';
import type { Refused } from './target.js';

export interface Applicable {
  /** What of it a cache can take: a field that it cannot is left out, and so stays its host's. */
  readonly settings: ControlSettings;
  /** Why the first of the others cannot be; left out when there is none. */
  readonly refused?: Refused;
}

/**
 * What of the desired settings a cache can take, by what it says of itself: field by field, so that one limit beyond its
 * host's bounds, or of a tier that it has not, keeps nothing else from it, least of all a pause. The same for the same
 * settings, whatever was desired before. What has another shape is left for the cache to refuse. Pure.
 */
export function applicable(settings: ControlSettings, description: CacheDescription): Applicable {
  const { tiers, ...fields } = settings;
  const refusals: Refused[] = [];
  const taken = without(fields, (name, value) => fieldProblem(name, value, description), refusals);
  const limits = tiers === undefined ? undefined : tiersTaken(tiers, description, refusals);
  return {
    settings: { ...taken, ...(limits !== undefined && { tiers: limits }) } as ControlSettings,
    ...(refusals.length > 0 && { refused: refusals[0]! }),
  };
}

/** Undefined when nothing is left of them. */
function tiersTaken(tiers: object, description: CacheDescription, refusals: Refused[]): object | undefined {
  if (!isFilled(tiers)) return tiers;
  const taken = Object.entries(tiers).flatMap(([tier, limits]: [string, unknown]) => {
    if (!isFilled(limits)) return [[tier, limits] as const];
    const some = without(limits, (name, limit) => limitProblem(tier, name, limit, description), refusals);
    return Object.keys(some).length > 0 ? [[tier, some] as const] : [];
  });
  return taken.length > 0 ? Object.fromEntries(taken) : undefined;
}

function without(
  fields: object,
  problemOf: (name: string, value: unknown) => Refused | undefined,
  refusals: Refused[],
): object {
  const taken = Object.entries(fields).filter(([name, value]: [string, unknown]) => {
    const problem = problemOf(name, value);
    if (problem !== undefined) refusals.push(problem);
    return problem === undefined;
  });
  return Object.fromEntries(taken);
}

function fieldProblem(name: string, value: unknown, { tiers, bounds = {} }: CacheDescription): Refused | undefined {
  if (name === 'paused') return notAmong(bounds.operations, 'pause');
  const problem = notAmong(bounds.operations, 'settings');
  if (problem !== undefined || name !== 'policy') return problem ?? ttlBeyond(name, value, bounds);
  if (!tiers.some(({ tier }) => tier === 'memory'))
    return unsupported('The cache has no memory tier: no other has policies.');
  return policyBeyond(value as ControlSettings['policy'], bounds);
}

function limitProblem(
  tierName: string,
  name: string,
  limit: unknown,
  { tiers, bounds = {} }: CacheDescription,
): Refused | undefined {
  const problem = notAmong(bounds.operations, 'settings');
  if (problem !== undefined) return problem;
  const tier = tiers.find((one) => one.tier === tierName);
  if (tier === undefined) return unsupported(`The cache has no tier ${tierName}.`);
  if (tierName === 'memory' && name === 'maxBytes' && tier.bytes === undefined)
    return unsupported('The memory tier does not weigh its entries: its host gave it neither maxBytes nor a weigher.');
  return limitBeyond(tierName, name, limit, bounds);
}

function notAmong(operations: readonly string[] | undefined, operation: string): Refused | undefined {
  return operations === undefined || operations.includes(operation) ? undefined : notAllowed(operation);
}

const unsupported = (reason: string): Refused => ({ refused: 'unsupported', reason });

/** An object with something in it. */
function isFilled(given: unknown): given is object {
  return typeof given === 'object' && given !== null && Object.keys(given).length > 0;
}
