import type { SettingValue } from '#libs/contracts';
import type { CacheCore } from '../core.js';
import type { CacheKey } from '../key/cache-key.js';
import { durationMs } from '../load/duration.js';
import type { TierLimits } from '../tier/tier.js';

/** The durations of a lifetime that can be set from afar, and what a cache calls them. */
export const LIFETIMES = {
  ttlMs: 'ttl',
  maxAgeMs: 'maxAge',
  staleWhileRevalidateMs: 'staleWhileRevalidate',
  staleIfErrorMs: 'staleIfError',
  negativeTtlMs: 'negativeTtl',
} as const;
export const DURATIONS = Object.keys(LIFETIMES) as (keyof typeof LIFETIMES)[];

/** The settings of a cache in force, by name; what is not limited is left out. */
export function settingsInForce<Key extends CacheKey, Value>(
  core: CacheCore<Key, Value>,
): Record<string, SettingValue> {
  const settings: Record<string, SettingValue> = {};
  for (const tier of core.options.tiers)
    for (const [name, limit] of Object.entries(limitsIn(tier.usage()))) settings[`${tier.name}.${name}`] = limit;
  if (core.stack.memory !== undefined) settings['policy'] = core.stack.memory.policySetting;
  const lifetime = core.lifetimeSettings;
  for (const name of DURATIONS) {
    const ms = durationMs(lifetime[LIFETIMES[name]] ?? Number.POSITIVE_INFINITY, name);
    if (ms !== Number.POSITIVE_INFINITY) settings[name] = ms;
  }
  if (lifetime.ttlJitter !== undefined) settings['ttlJitter'] = lifetime.ttlJitter;
  if (lifetime.sliding !== undefined) settings['sliding'] = lifetime.sliding;
  if (core.loading.earlyRefresh > 0) settings['earlyRefresh'] = core.loading.earlyRefresh;
  settings['paused'] = core.paused;
  return settings;
}

/** The limits that there are. */
export function limitsIn({ maxBytes, maxEntries }: TierLimits): TierLimits {
  return Object.fromEntries(
    Object.entries({ maxBytes, maxEntries }).filter(([, limit]) => Number.isFinite(limit)),
  ) as TierLimits;
}
