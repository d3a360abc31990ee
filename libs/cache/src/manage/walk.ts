import type { CacheCore } from '../core.js';
import type { CacheKey } from '../key/cache-key.js';
import { AWAY } from '../tier/far-tier.js';
import type { Entry, EntryInfo, TierProblem } from '../tier/tier.js';
import { ownInfo, type OwnInfo } from './own-info.js';

/** The entries of a view, each once, from the nearest tier that holds it; what is not of the view is left out. */
export async function* entriesOf<Key extends CacheKey, Value>(
  core: CacheCore<Key, Value>,
  prefix: string,
): AsyncGenerator<{ readonly info: EntryInfo; readonly own: OwnInfo<Key> }> {
  const { tiers } = core.options;
  const seen = new Set<string>();
  for (const tier of tiers) {
    await core.opened.catch(() => undefined);
    for await (const info of tier.entries()) {
      core.assertOpen();
      const own = ownInfo<Key>(prefix, info, core.clock.now());
      if (own === undefined || seen.has(info.key)) continue;
      // With one tier no key comes twice, and none needs to be remembered.
      if (tiers.length > 1) seen.add(info.key);
      yield { info, own };
    }
  }
}

/** What a tier holds of a key, whatever its age. No use of it, where the tier can tell the two apart. */
export async function entryIn<Key extends CacheKey, Value>(
  core: CacheCore<Key, Value>,
  tier: string,
  encoded: string,
): Promise<Entry | undefined> {
  const { memory, far } = core.stack;
  if (tier === memory?.name) return memory.get(encoded);
  const farTier = far.find(({ name }) => name === tier);
  const entry = await farTier?.call(() => farTier.tier.peek?.(encoded) ?? farTier.tier.get(encoded));
  return entry === AWAY ? undefined : entry;
}

/** Walks every tier, or one, and says what is wrong, values that the schema refuses included; with `repair` it also removes it. */
export async function* problemsOf<Key extends CacheKey, Value>(
  core: CacheCore<Key, Value>,
  repair: boolean,
  only?: string,
): AsyncGenerator<TierProblem> {
  const isMeant = ({ name }: { readonly name: string }) => only === undefined || name === only;
  await core.opened.catch(() => undefined);
  for (const tier of core.options.tiers.filter(isMeant)) yield* tier.verify({ repair });
  if (core.options.schema === undefined) return;
  for (const far of core.stack.far.filter(isMeant))
    for await (const { key, negative } of far.tier.entries()) {
      const entry = negative ? undefined : await entryIn(core, far.name, key);
      if (entry === undefined || entry.negative) continue;
      try {
        await core.validate(entry.value);
      } catch (problem) {
        const message = problem instanceof Error ? problem.message : String(problem);
        yield { tier: far.name, key, problem: 'invalid-value', message };
        if (repair) await far.remove({ key }, { cause: 'invalidated' });
      }
    }
}
