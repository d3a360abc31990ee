import {
  beyondBounds,
  flatSettings,
  type CacheDescription,
  type ControlSettings,
  type Refused,
  type SettingValue,
} from '#libs/contracts';

/**
 * Why an instance refuses just these settings, whatever else is desired of its cache, or undefined: they are beyond what
 * its host allows, or for a tier that it lacks. Pure.
 */
export function ownRefusal(settings: ControlSettings, { bounds, tiers }: CacheDescription): Refused | undefined {
  const beyond = beyondBounds(settings, bounds);
  if (beyond !== undefined) return beyond;
  const names = tiers.map(({ tier }) => tier);
  const lacking = Object.keys(settings.tiers ?? {}).find((tier) => !names.includes(tier));
  if (lacking !== undefined) return { refused: 'unsupported', reason: `The cache has no tier ${lacking}.` };
  if (settings.policy !== undefined && !names.includes('memory'))
    return { refused: 'unsupported', reason: 'The cache has no memory tier: no other has policies.' };
  return undefined;
}

/**
 * Whether an instance that refuses something took these settings all the same. Of what is given back to the host nobody
 * knows what it was: it counts as taken where bounds are the reason, by which only what is beyond them is left out. Pure.
 */
export function tookAllTheSame(
  settings: ControlSettings,
  { refused }: { readonly refused: string },
  { settings: inForce }: Pick<CacheDescription, 'settings'>,
): boolean {
  const asked = Object.entries<SettingValue>(flatSettings(settings));
  if (asked.length === 0) return refused === 'bounds';
  return asked.every(([name, value]) => inForce[name] === value);
}
