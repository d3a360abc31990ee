import type { ControlBounds, ControlOperation } from './commands.js';
import type { ControlSettings } from './settings.js';
import type { Refused } from './target.js';

const DURATIONS: ReadonlySet<string> = new Set([
  'ttlMs',
  'maxAgeMs',
  'staleWhileRevalidateMs',
  'staleIfErrorMs',
  'negativeTtlMs',
]);

/** Why settings are beyond what the host allows, or undefined: the first reason. */
export function beyondBounds(settings: ControlSettings, bounds: ControlBounds = {}): Refused | undefined {
  const { operations } = bounds;
  const { paused, tiers = {}, ...fields } = settings;
  const sets = settings.tiers !== undefined || Object.keys(fields).length > 0;
  if (operations !== undefined) {
    if (sets && !operations.includes('settings')) return notAllowed('settings');
    if (paused !== undefined && !operations.includes('pause')) return notAllowed('pause');
  }
  for (const [name, value] of Object.entries(fields)) {
    const found = name === 'policy' ? policyBeyond(settings.policy, bounds) : ttlBeyond(name, value, bounds);
    if (found !== undefined) return found;
  }
  // Of an API that checks nothing anything may come: the cache refuses what has another shape.
  for (const [tier, limits] of Object.entries(tiers ?? {}))
    for (const [name, limit] of Object.entries(limits ?? {})) {
      const found = limitBeyond(tier, name, limit, bounds);
      if (found !== undefined) return found;
    }
  return undefined;
}

export function policyBeyond(policy: ControlSettings['policy'], { policies }: ControlBounds): Refused | undefined {
  if (policy === undefined || policies === undefined || policies.includes(policy)) return undefined;
  return beyond(`policy ${policy} is not one of those that the host allows: ${policies.join(', ')}`);
}

export function ttlBeyond(name: string, value: unknown, { maxTtlMs }: ControlBounds): Refused | undefined {
  if (maxTtlMs === undefined || !DURATIONS.has(name) || !((value as number) > maxTtlMs)) return undefined;
  return beyond(`${name} is ${String(value)}; the host allows at most ${maxTtlMs}`);
}

export function limitBeyond(
  tier: string,
  name: string,
  limit: unknown,
  { tiers = {} }: ControlBounds,
): Refused | undefined {
  const bound = Object.hasOwn(tiers, tier) ? tiers[tier]! : {};
  const least = (name === 'maxBytes' ? bound.minBytes : name === 'maxEntries' ? bound.minEntries : undefined) ?? 0;
  const most = name === 'maxBytes' ? bound.maxBytes : name === 'maxEntries' ? bound.maxEntries : undefined;
  if (typeof limit !== 'number' || (limit >= least && limit <= (most ?? Number.POSITIVE_INFINITY))) return undefined;
  return beyond(`${tier}.${name} is ${limit}; the host allows ${least} to ${most ?? 'any'}`);
}

/** Why an operation is not one that the host allows, or undefined. Unpinning goes with pinning, verifying with inspecting. */
export function operationBeyond(operation: ControlOperation, { operations }: ControlBounds = {}): Refused | undefined {
  if (operations === undefined || operations.includes(operation.do)) return undefined;
  if (operation.do === 'unpin' && operations.includes('pin')) return undefined;
  if (operation.do === 'verify' && operation.repair !== true && operations.includes('inspect')) return undefined;
  return notAllowed(operation.do);
}

const beyond = (reason: string): Refused => ({ refused: 'bounds', reason });
export const notAllowed = (operation: string): Refused => ({
  refused: 'not_allowed',
  reason: `The host does not allow "${operation}" from afar.`,
});
