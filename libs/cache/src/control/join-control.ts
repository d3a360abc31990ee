import type { CacheCore } from '../core.js';
import type { CacheKey } from '../key/cache-key.js';
import { asError } from '../tier/far-tier.js';

/**
 * Lets a cache be controlled from afar where its telemetry can, until it closes. What does it is loaded only then: a page
 * whose telemetry has no control does not carry it.
 */
export function joinControl<Key extends CacheKey, Value>(core: CacheCore<Key, Value>): void {
  const { control: wanted = true, telemetry } = core.options;
  const registry = telemetry?.control;
  if (!wanted || registry === undefined) return;
  import('./controlled-cache.js')
    .then(async ({ ControlledCache }) => {
      await core.opened.catch(() => undefined);
      if (core.closed) return;
      core.beforeClose(registry.add(new ControlledCache(core)));
    })
    // A name that is taken, say: the cache works all the same.
    .catch((problem: unknown) => core.onProblem(asError(problem)));
}
