// Without the schemas, which a page would have to carry.
import type { ControlSettings } from './settings.js';

export type SettingValue = string | number | boolean;

/** Settings by name, without levels: `memory.maxBytes`, `policy`. In this form `cache.change` tells of them. */
export function flatSettings(settings: ControlSettings): Record<string, SettingValue> {
  const { tiers = {}, sampling, ...others } = settings;
  const flat: Record<string, SettingValue> = {};
  for (const [tier, limits] of Object.entries(tiers))
    for (const [name, value] of Object.entries(limits)) flat[`${tier}.${name}`] = value;
  for (const [name, value] of Object.entries(sampling ?? {})) flat[`sampling.${name}`] = value;
  for (const [name, value] of Object.entries(others)) if (value !== undefined) flat[name] = value;
  return flat;
}
