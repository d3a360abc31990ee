import { beyondBounds, type CacheDescription, type ControlSettings, type SettingsDryRun } from '#libs/contracts';

type Foreseen = Pick<SettingsDryRun['instances'][number], 'known' | 'refused' | 'reason' | 'evicts'>;

/**
 * What an instance would do with settings, as far as its last report tells: it says what its tiers hold, and whether they
 * weigh it, not whether its telemetry can sample, or a tier is away. Pure.
 * @param description of its cache; undefined where it has reported none of this name.
 */
export function foresee(settings: ControlSettings, description: CacheDescription | undefined): Foreseen {
  if (description === undefined) return { known: false };
  const refusal = beyondBounds(settings, description.bounds) ?? unsupported(settings, description);
  if (refusal !== undefined) return { known: true, ...refusal };
  const evicts = evictions(settings, description);
  return { known: true, ...(evicts.length > 0 && { evicts }) };
}

/** By the same rules, and in the same words, as the cache refuses it. */
function unsupported({ tiers = {}, policy }: ControlSettings, description: CacheDescription) {
  const refuse = (reason: string) => ({ refused: 'unsupported', reason }) as const;
  for (const [name, { maxBytes }] of Object.entries(tiers)) {
    const tier = description.tiers.find((one) => one.tier === name);
    if (tier === undefined) return refuse(`The cache has no tier ${name}.`);
    if (name === 'memory' && maxBytes !== undefined && tier.bytes === undefined)
      return refuse('The memory tier does not weigh its entries: its host gave it neither maxBytes nor a weigher.');
  }
  if (policy !== undefined && !description.tiers.some(({ tier }) => tier === 'memory'))
    return refuse('The cache has no memory tier: no other has policies.');
  return undefined;
}

function evictions({ tiers = {} }: ControlSettings, description: CacheDescription): NonNullable<Foreseen['evicts']> {
  return description.tiers.flatMap(({ tier, entries = 0, bytes = 0 }) => {
    const { maxEntries = Infinity, maxBytes = Infinity } = Object.hasOwn(tiers, tier) ? tiers[tier]! : {};
    const over = { entries: Math.max(0, entries - maxEntries), bytes: Math.max(0, bytes - maxBytes) };
    if (over.entries === 0 && over.bytes === 0) return [];
    return [{ tier, ...(over.entries > 0 && { entries: over.entries }), ...(over.bytes > 0 && { bytes: over.bytes }) }];
  });
}
