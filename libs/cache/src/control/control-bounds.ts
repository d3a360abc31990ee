import type { ControlBounds } from '#libs/contracts';
import type { Share } from '../manager/demand.js';
import { durationMs } from '../load/duration.js';
import type { Bounds } from '../options.js';

/** The bounds of a host as remote control knows them: by tier, and in ms. */
export function controlBounds(bounds: Bounds, tiers: readonly { readonly name: string }[]): ControlBounds {
  const { tiers: own = {}, maxTtl, policies, operations, minBytes, maxBytes, minEntries, maxEntries } = bounds;
  const forAll = given({ minBytes, maxBytes, minEntries, maxEntries });
  const byTier = tiers
    .map(({ name }) => [name, Object.hasOwn(own, name) ? given({ ...own[name] }) : forAll] as const)
    .filter(([, limits]) => Object.keys(limits).length > 0);
  const maxTtlMs = maxTtl === undefined ? Number.POSITIVE_INFINITY : Math.floor(durationMs(maxTtl, 'bounds.maxTtl'));
  return {
    ...(byTier.length > 0 && { tiers: Object.fromEntries(byTier) }),
    ...(maxTtlMs !== Number.POSITIVE_INFINITY && { maxTtlMs }),
    ...(policies !== undefined && { policies: [...policies] }),
    ...(operations !== undefined && { operations: [...operations] }),
  };
}

/** The bounds of a host with what its budget of memory leaves to one tier: its share, and never more than the budget. */
export function budgetBounds(
  bounds: ControlBounds = {},
  tier: string,
  { minBytes, maxBytes }: Share,
  budget: number,
): ControlBounds {
  const { tiers = {} } = bounds;
  const own = Object.hasOwn(tiers, tier) ? tiers[tier]! : {};
  const least = Math.max(own.minBytes ?? 0, minBytes ?? 0);
  const most = Math.min(own.maxBytes ?? budget, maxBytes ?? budget, budget);
  return { ...bounds, tiers: { ...tiers, [tier]: { ...own, ...(least > 0 && { minBytes: least }), maxBytes: most } } };
}

function given<Fields extends object>(fields: Fields): Partial<Fields> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<Fields>;
}
