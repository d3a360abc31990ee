import type { CacheCore } from '../core.js';
import type { CacheKey } from '../key/cache-key.js';
import { removeSelected } from '../manage/removals.js';
import type { WriteOptions } from '../options.js';
import { checkWriteOptions } from '../validate/call-options.js';
import { encodeTags, keptOf } from './kept.js';

/** Writes of a cache by its host. Of two to one key the later call counts, whichever takes longer to be checked. */
export class Writes<Key extends CacheKey, Value> {
  constructor(
    private readonly core: CacheCore<Key, Value>,
    /** What the tags of the view begin with. */
    private readonly prefix: string,
  ) {}

  /** Begins at once; a schema that answers at once, and memory alone, leave nothing to wait for. */
  set(encoded: string, value: Value | undefined, options: WriteOptions): boolean | Promise<boolean> {
    const { core } = this;
    core.assertOpen();
    checkWriteOptions(options);
    const tags = encodeTags(this.prefix, options.tags);
    const checked = value === undefined ? undefined : core.validate(value);
    if (checked instanceof Promise) return this.#setLater(encoded, checked, tags, options);
    core.watches.overwrittenNow(encoded);
    return this.#write(encoded, checked, tags, options);
  }

  async #setLater(
    encoded: string,
    checked: Promise<Value>,
    tags: readonly string[] | undefined,
    options: WriteOptions,
  ): Promise<boolean> {
    const { core } = this;
    const watch = core.watches.begin(encoded, true);
    core.watches.overwritten(watch);
    try {
      const valid = await checked;
      core.assertOpen();
      if (!watch.mayKeep(tags)) {
        if (watch.isInDoubt) await this.#forget(encoded);
        return false;
      }
      core.watches.overwritten(watch);
      return await this.#write(encoded, valid, tags, options);
    } finally {
      core.watches.end(watch);
    }
  }

  /** Another process wrote or removed the key while this write was checked: neither value may stay. */
  async #forget(encoded: string): Promise<void> {
    this.core.changed({ key: encoded });
    await this.core.stack.remove({ key: encoded }, { cause: 'replaced' });
    this.core.tell({ key: encoded });
    this.core.listeners.removed({ key: encoded });
  }

  #write(
    encoded: string,
    value: Value | undefined,
    tags: readonly string[] | undefined,
    options: WriteOptions,
  ): boolean | Promise<boolean> {
    const written = this.#writeAll(encoded, value, tags, options);
    if (written instanceof Promise) return this.#told(encoded, written);
    this.core.tell({ key: encoded });
    return written;
  }

  /** What a tier refuses must not be answered by another one. */
  async #told(encoded: string, written: Promise<boolean>): Promise<boolean> {
    const { core } = this;
    const watch = core.watches.begin(encoded, true);
    try {
      return await written;
    } catch (refused) {
      if (!watch.touched) await removeSelected(core, { key: encoded }, { cause: 'invalidated', dryRun: false });
      throw refused;
    } finally {
      core.watches.end(watch);
      // When those they share with have it, so that the other instances do not fetch what was there before.
      core.tell({ key: encoded });
    }
  }

  #writeAll(
    encoded: string,
    value: Value | undefined,
    tags: readonly string[] | undefined,
    options: WriteOptions,
  ): boolean | Promise<boolean> {
    const { stack, lifetime, random, paused } = this.core;
    const kept = paused ? undefined : keptOf(value, options, tags, 0, lifetime, random);
    if (kept !== undefined) return stack.write(encoded, kept);
    // Nothing is kept of it, and what is held is no longer so.
    const removed = stack.remove({ key: encoded }, { cause: 'replaced' });
    this.core.listeners.removed({ key: encoded });
    return removed.then(() => false);
  }
}
