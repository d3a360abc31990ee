import type { CacheCore } from '../core.js';
import type { CacheKey } from '../key/cache-key.js';
import { statsOf } from '../manage/stats.js';
import type { ManagedCache } from './managed-cache.js';

/** Adds a cache to the manager that its host gave it, until it closes. @throws TypeError when the name is taken */
export function joinManager<Key extends CacheKey, Value>(core: CacheCore<Key, Value>): void {
  const { manager, share = {} } = core.options;
  if (manager === undefined) return;
  const { memory } = core.stack;
  const managed: ManagedCache = {
    name: core.name,
    share,
    stats: () => statsOf(core),
    memory() {
      const { bytes, maxBytes } = memory?.usage() ?? {};
      if (memory === undefined || bytes === undefined || maxBytes === undefined) return undefined;
      return { bytes, maxBytes, desiredBytes: core.desired.tiers?.[memory.name]?.maxBytes };
    },
    async give(maxBytes) {
      if (memory === undefined || core.closed) return;
      // What is desired from afar stays the operator's: only what it goes back to is the manager's.
      if (core.desired.tiers?.[memory.name]?.maxBytes === undefined) core.host.resized(memory.name, { maxBytes });
      await memory.resize({ maxBytes });
      core.record(memory.name, { change: 'settings', by: 'policy', settings: { maxBytes } });
    },
  };
  core.beforeClose(manager.add(managed));
}
