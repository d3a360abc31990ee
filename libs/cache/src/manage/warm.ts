import type { CacheCore } from '../core.js';
import type { CacheKey } from '../key/cache-key.js';
import type { Reads, Warmed } from '../load/reads.js';
import type { BatchLoader, LoadOptions } from '../options.js';
import { checkLoadOptions } from '../validate/call-options.js';

/** Keys brought in at once: a batch that loaders of databases take well. */
const AT_ONCE = 256;

/**
 * Brings keys in, batch after batch: the hottest, which come first, are there first; `onBatch` is told what has come so
 * far.
 */
export async function warm<Key extends CacheKey, Value>(
  core: CacheCore<Key, Value>,
  reads: Reads<Key, Value>,
  keys: Iterable<Key> | AsyncIterable<Key>,
  encode: (key: Key) => string,
  batchLoader: BatchLoader<Key, Value> | undefined,
  options: LoadOptions,
  onBatch?: (warmed: Warmed) => void,
): Promise<Warmed> {
  core.assertOpen();
  checkLoadOptions(options);
  let [held, loaded, failed] = [0, 0, 0];
  let batch = new Map<string, { readonly key: Key; readonly encoded: string }>();
  const bring = async () => {
    const warmed = await reads.bring([...batch.values()], batchLoader, options);
    batch = new Map();
    [held, loaded, failed] = [held + warmed.held, loaded + warmed.loaded, failed + warmed.failed];
    onBatch?.({ held, loaded, failed });
  };
  for await (const key of keys) {
    options.signal?.throwIfAborted();
    const encoded = encode(key);
    batch.set(encoded, { key, encoded });
    if (batch.size >= AT_ONCE) await bring();
  }
  if (batch.size > 0) await bring();
  return { held, loaded, failed };
}
