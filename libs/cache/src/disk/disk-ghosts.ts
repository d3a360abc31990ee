import { KeyHasher } from '#libs/sampling';
import { Ghosts } from '../tier/ghosts.js';
import type { Selection, TierContext, TierLimits } from '../tier/tier.js';
import type { Trace } from './work.js';

/**
 * Ghosts of what this process evicted from a disk tier, told of transactions when they are on disk. They are not on disk
 * themselves: a restart forgets them, and what another process evicts is known to that one alone.
 */
export class DiskGhosts {
  readonly #ghosts = new Ghosts();
  readonly #hasher: KeyHasher;

  constructor({ random }: Pick<TierContext, 'random'>) {
    this.#hasher = new KeyHasher(Uint8Array.from({ length: 16 }, () => Math.floor(random() * 256)));
  }

  /** For how many misses one on this key stands that a tier of twice the size would have answered. */
  hits(key: string, now: number): number {
    return this.#ghosts.size === 0 ? 0 : this.#ghosts.hits(this.#hasher.hash(key), now);
  }

  /** In the order in which they came: what was evicted is a ghost until its key is written or removed. */
  follow(traces: readonly Trace[], { maxEntries = Infinity, maxBytes = Infinity }: TierLimits): void {
    for (const trace of traces)
      if (!('evicted' in trace)) this.forget(trace);
      else this.#ghosts.add(this.#hasher.hash(trace.evicted), trace.bytes, trace.until, maxEntries, maxBytes);
  }

  /** Which ghosts a tag, a prefix or a predicate selects is not known: they stay. */
  forget(selection: Selection): void {
    if (this.#ghosts.size === 0) return;
    if ('all' in selection) this.#ghosts.clear();
    else if ('key' in selection) this.#ghosts.forget(this.#hasher.hash(selection.key));
  }
}
