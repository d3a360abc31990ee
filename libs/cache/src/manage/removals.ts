import type { CacheChange, RemovalCause } from '#libs/contracts';
import type { CacheCore } from '../core.js';
import { keyPrefix, type CacheKey } from '../key/cache-key.js';
import { encodeTag } from '../load/kept.js';
import type { TouchedTier } from '../tier/found.js';
import type { EntryInfo, Selection } from '../tier/tier.js';
import { ownInfo, type OwnInfo } from './own-info.js';

/** On whose behalf something is done, for the record of changes. */
export interface ByOption {
  /** Default `host`: the application itself. */
  readonly by?: CacheChange['by'];
}

export interface RemoveOptions extends ByOption {
  /** Only says what it would remove. */
  readonly dryRun?: boolean;
}

/** What was removed, or would be: an entry counts in each tier that holds it. */
export interface Removed {
  readonly entries: number;
  /** Of those tiers that can tell. */
  readonly bytes: number;
  readonly tiers: readonly TouchedTier[];
}

/** Takes entries out of all tiers of a cache, and sees that what is on its way for them does not come in behind. */
export class Removals<Key extends CacheKey, Value> {
  constructor(
    private readonly core: CacheCore<Key, Value>,
    private readonly prefix: string,
  ) {}

  key(encoded: string): Promise<Removed> {
    return this.#remove({ key: encoded }, 'invalidated', {});
  }

  tag(tag: string, options: RemoveOptions): Promise<Removed> {
    return this.#remove({ tag: encodeTag(this.prefix, tag) }, 'invalidated', options);
  }

  beginning(beginning: string | readonly CacheKey[], options: RemoveOptions): Promise<Removed> {
    return this.#remove({ prefix: this.prefix + keyPrefix(beginning) }, 'invalidated', options);
  }

  where(predicate: (key: Key, entry: OwnInfo<Key>) => boolean, options: RemoveOptions): Promise<Removed> {
    const { clock } = this.core;
    const where = (encoded: string, info: EntryInfo): boolean => {
      const own = ownInfo<Key>(this.prefix, { ...info, key: encoded }, clock.now());
      return own !== undefined && predicate(own.key, own);
    };
    return this.#remove({ where }, 'invalidated', options);
  }

  all(options: RemoveOptions): Promise<Removed> {
    return this.#remove(this.prefix === '' ? { all: true } : { prefix: this.prefix }, 'cleared', options);
  }

  async #remove(selection: Selection, cause: RemovalCause, options: RemoveOptions): Promise<Removed> {
    const { dryRun = false, by = 'host' } = options;
    const removed = await removeSelected(this.core, selection, { cause, dryRun });
    if (!dryRun && !('key' in selection)) this.#record(removed.tiers, cause, by);
    return removed;
  }

  #record(tiers: readonly TouchedTier[], cause: RemovalCause, by: CacheChange['by']): void {
    for (const [i, { entries, bytes }] of tiers.entries())
      this.core.stack.recorders[i]!.change({
        change: cause === 'cleared' ? 'cleared' : 'invalidated',
        by,
        entries,
        ...(bytes !== undefined && { bytes }),
      });
  }
}

/** Takes what is selected out of all tiers, or of one; nobody is told of it. */
export async function removeSelected<Key extends CacheKey, Value>(
  core: CacheCore<Key, Value>,
  selection: Selection,
  {
    cause,
    dryRun,
    tier,
  }: { readonly cause: RemovalCause; readonly dryRun: boolean; readonly tier?: string | undefined },
): Promise<Removed> {
  core.assertOpen();
  if (!dryRun) core.changed(selection);
  const tiers = await core.stack.remove(selection, { cause, dryRun }, tier);
  // A predicate walks for a while: what set off before it was over may be of what was meant.
  if (!dryRun && 'where' in selection) core.changed(selection);
  // When it is gone here and from what they share, so that they do not fetch it from there again. One tier is an
  // instance's own matter.
  if (!dryRun && tier === undefined) core.tell(selection);
  if (!dryRun) core.listeners.removed(selection);
  const entries = tiers.reduce((sum, touched) => sum + touched.entries, 0);
  return { entries, bytes: tiers.reduce((sum, { bytes = 0 }) => sum + bytes, 0), tiers };
}
