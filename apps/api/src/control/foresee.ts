import { applicable, type CacheDescription, type ControlSettings, type SettingsDryRun } from '#libs/contracts';

type Foreseen = Pick<SettingsDryRun['instances'][number], 'known' | 'refused' | 'reason' | 'evicts'>;

/**
 * What an instance would do with settings, as far as its last report tells: it says what its tiers hold, and whether they
 * weigh it, not whether its telemetry can sample, or a tier is away. Pure.
 * @param description of its cache; undefined where it has reported none of this name.
 */
export function foresee(settings: ControlSettings, description: CacheDescription | undefined): Foreseen {
  if (description === undefined) return { known: false };
  const { settings: taken, refused } = applicable(settings, description);
  const evicts = evictions(taken, description);
  return { known: true, ...refused, ...(evicts.length > 0 && { evicts }) };
}

function evictions({ tiers = {} }: ControlSettings, description: CacheDescription): NonNullable<Foreseen['evicts']> {
  return description.tiers.flatMap(({ tier, entries = 0, bytes = 0 }) => {
    const { maxEntries = Infinity, maxBytes = Infinity } = Object.hasOwn(tiers, tier) ? tiers[tier]! : {};
    const over = { entries: Math.max(0, entries - maxEntries), bytes: Math.max(0, bytes - maxBytes) };
    if (over.entries === 0 && over.bytes === 0) return [];
    return [{ tier, ...(over.entries > 0 && { entries: over.entries }), ...(over.bytes > 0 && { bytes: over.bytes }) }];
  });
}
