import type { ControlBounds, ControlOperation } from './commands.js';
import type { ControlSettings } from './settings.js';
import type { Refused } from './target.js';

type TierLimits = NonNullable<ControlSettings['tiers']>[string];

const DURATIONS = ['ttlMs', 'maxAgeMs', 'staleWhileRevalidateMs', 'staleIfErrorMs', 'negativeTtlMs'] as const;

/** Why settings are beyond what the host allows, or undefined. The first reason is enough: nothing of them is applied. */
export function beyondBounds(settings: ControlSettings, bounds: ControlBounds = {}): Refused | undefined {
  const { operations, policies, maxTtlMs, tiers = {} } = bounds;
  const { paused, policy, ...others } = settings;
  const sets = policy !== undefined || Object.keys(others).length > 0;
  if (operations !== undefined) {
    if (sets && !operations.includes('settings')) return notAllowed('settings');
    if (paused !== undefined && !operations.includes('pause')) return notAllowed('pause');
  }
  if (policy !== undefined && policies !== undefined && !policies.includes(policy))
    return beyond(`policy ${policy} is not one of those that the host allows: ${policies.join(', ')}`);
  for (const name of DURATIONS)
    if (maxTtlMs !== undefined && (settings[name] ?? 0) > maxTtlMs)
      return beyond(`${name} is ${settings[name]}; the host allows at most ${maxTtlMs}`);
  for (const [tier, limits] of Object.entries(settings.tiers ?? {})) {
    const bound = Object.hasOwn(tiers, tier) ? tiers[tier]! : {};
    // Of an API that checks nothing anything may come: the cache refuses what has another shape.
    const { maxBytes, maxEntries }: TierLimits = limits ?? {};
    const found =
      outside(`${tier}.maxBytes`, maxBytes, bound.minBytes, bound.maxBytes) ??
      outside(`${tier}.maxEntries`, maxEntries, bound.minEntries, bound.maxEntries);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Why an operation is not one that the host allows, or undefined. Unpinning goes with pinning, verifying with inspecting. */
export function operationBeyond(operation: ControlOperation, { operations }: ControlBounds = {}): Refused | undefined {
  if (operations === undefined || operations.includes(operation.do)) return undefined;
  if (operation.do === 'unpin' && operations.includes('pin')) return undefined;
  if (operation.do === 'verify' && operation.repair !== true && operations.includes('inspect')) return undefined;
  return notAllowed(operation.do);
}

function outside(name: string, value: number | undefined, least = 0, most = Infinity): Refused | undefined {
  if (value === undefined || (value >= least && value <= most)) return undefined;
  return beyond(`${name} is ${value}; the host allows ${least} to ${most === Infinity ? 'any' : most}`);
}

const beyond = (reason: string): Refused => ({ refused: 'bounds', reason });
const notAllowed = (operation: string): Refused => ({
  refused: 'not_allowed',
  reason: `The host does not allow "${operation}" from afar.`,
});
