import type { Timer } from '#libs/time';
import type { CacheCore } from '../core.js';
import { withoutNamespace, type CacheKey } from '../key/cache-key.js';
import { entryIn } from './walk.js';

/** Where the hottest keys are kept: in a namespace that no name leads to. */
const HOT_KEYS = '\u0004\u0000hot';
const DEFAULT_SAVED = 1_000;
/** What a process that is killed knew is this old at most, ms. */
const SAVE_EVERY_MS = 600_000;

/** Has the hottest keys written down every ten minutes, and when the cache closes, where a tier outlives the process. */
export function keepHotKeys<Key extends CacheKey, Value>(core: CacheCore<Key, Value>): void {
  const { savedHotKeys: most = DEFAULT_SAVED } = core.options;
  if (most === 0 || core.stack.memory === undefined || core.stack.far.length === 0) return;
  let timer: Timer | undefined;
  const soon = () => {
    timer = core.clock.setTimer(
      () =>
        void saveHotKeys(core, '', most)
          .catch(core.onProblem)
          .then(() => !core.closed && soon()),
      SAVE_EVERY_MS,
      { unref: true },
    );
  };
  soon();
  core.beforeClose(async () => {
    timer?.cancel();
    await saveHotKeys(core, '', most);
  });
}

/** Writes down the encodings of the hottest keys of a view, without its prefix. A cache that holds none leaves what was written. */
export async function saveHotKeys<Key extends CacheKey, Value>(
  core: CacheCore<Key, Value>,
  prefix: string,
  most: number,
): Promise<number> {
  const far = core.stack.far.at(-1);
  const hot = await hottest(core, prefix, most);
  if (far === undefined || hot.length === 0) return hot.length;
  const entry = {
    value: hot,
    negative: false,
    storedAt: core.clock.now(),
    freshMs: Number.POSITIVE_INFINITY,
    staleMs: 0,
  };
  // It is no entry of the host's, and counts as no write.
  await core.stack.track(far.call(() => far.tier.set(prefix + HOT_KEYS, entry)));
  return hot.length;
}

/** Encodings of the keys that were the hottest when they were last written down. */
export async function savedHotKeys<Key extends CacheKey, Value>(
  core: CacheCore<Key, Value>,
  prefix: string,
): Promise<string[]> {
  const far = core.stack.far.at(-1);
  const saved = far === undefined ? undefined : await entryIn(core, far.name, prefix + HOT_KEYS);
  return Array.isArray(saved?.value) ? saved.value.filter((one): one is string => typeof one === 'string') : [];
}

/** Of memory alone, where the hottest are: a walk of a farther tier could hold up a close for long. */
async function hottest<Key extends CacheKey, Value>(
  core: CacheCore<Key, Value>,
  prefix: string,
  most: number,
): Promise<string[]> {
  const hot: string[] = [];
  const tier = core.stack.memory ?? core.options.tiers[0];
  for await (const { key } of tier.entries()) {
    if (hot.length >= most) break;
    if (!key.startsWith(prefix)) continue;
    const own = key.slice(prefix.length);
    if (withoutNamespace(own).namespace.length === 0) hot.push(own);
  }
  return hot;
}
