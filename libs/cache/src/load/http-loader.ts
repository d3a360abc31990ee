import { HttpLoadError } from '../errors.js';
import type { CacheKey } from '../key/cache-key.js';
import { loaded, type Loader } from '../options.js';

export interface HttpLoaderOptions<Key, Value> {
  readonly url: (key: Key) => string | URL;
  /** Default: `response.json()`. */
  readonly read?: (response: Response) => Promise<Value>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: the runtime's own. */
  readonly fetch?: typeof fetch;
}

/**
 * A loader from an HTTP origin. What is held goes along as `If-None-Match`, by its ETag, and is kept when the answer is 304;
 * 404 and 410 say that there is none.
 * @throws HttpLoadError for every other answer that is no success; what `fetch` and `read` throw
 */
export function httpLoader<Key extends CacheKey, Value>({
  url,
  read = (response) => response.json() as Promise<Value>,
  headers = {},
  fetch = globalThis.fetch,
}: HttpLoaderOptions<Key, Value>): Loader<Key, Value> {
  return async (key, { signal, previous }) => {
    const etag = previous?.version;
    const conditional = etag === undefined ? headers : { ...headers, 'if-none-match': etag };
    const response = await fetch(url(key), { headers: conditional, signal });
    if (response.ok) {
      const version = response.headers.get('etag');
      return loaded({ value: await read(response), ...(version !== null && { version }) });
    }
    await response.body?.cancel();
    if (response.status === 304 && etag !== undefined) return loaded({ unchanged: true });
    if (response.status === 404 || response.status === 410) return undefined;
    throw new HttpLoadError(response.status);
  };
}
