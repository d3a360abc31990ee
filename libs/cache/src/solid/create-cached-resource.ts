import { createComputed, createMemo, createResource, onCleanup, untrack, type Accessor, type Resource } from 'solid-js';
import { isServer } from 'solid-js/web';
import { encodeKey, type Cache, type CacheKey, type Change, type Loader, type LoadOptions } from '#libs/cache';

export interface CachedResourceOptions<Value> extends Omit<LoadOptions, 'signal' | 'refresh' | 'within'> {
  /** Shown until the first value is there. */
  readonly initialValue?: Value;
  /** Name of the resource in Solid's developer tools. */
  readonly name?: string;
}

export interface CachedResourceActions<Value> {
  /** Loads the value anew, whatever is held. */
  readonly refetch: () => Promise<void>;
  /** Shows a value at once, and writes it to the cache for all who show it. */
  readonly mutate: (value: Value) => Promise<void>;
}

export type CachedResourceReturn<Value> = readonly [Resource<Value | undefined>, CachedResourceActions<Value>];

/** A key, or what says that there is none yet. */
export type KeySource<Key> = Accessor<Key | undefined | null | false>;

/** A load that the resource waits for, and what happened to its key meanwhile. */
interface Waiting<Value> {
  readonly controller: AbortController;
  change?: Change<Value>;
}

/**
 * A resource of Solid whose values come from a cache. What memory holds fresh is there at once, without a fallback; what
 * is stale is shown while it is loaded anew, and then replaced. While it is mounted it follows the cache: a value that is
 * written elsewhere is shown, one that is invalidated is loaded again (`latest` shows the old one meanwhile). When the key
 * changes, or the owner goes, it waits no longer: a load that nobody else waits for is aborted. Keys of equal content are
 * one key. On a server it loads, and follows nothing.
 */
export function createCachedResource<Key extends CacheKey, Value>(
  source: KeySource<Key>,
  cache: Cache<Key, Value>,
  loader?: Loader<Key, Value>,
  options: CachedResourceOptions<Value> = {},
): CachedResourceReturn<Value> {
  const { initialValue, name, ...load } = options;
  let waiting: Waiting<Value> | undefined;
  const key = createMemo(source, undefined, { equals: isSameKey });

  const leave = () => {
    waiting?.controller.abort(new DOMException('The key changed, or nobody shows it any more.', 'AbortError'));
    waiting = undefined;
  };

  const fetch = (wanted: Key, how: unknown): Value | undefined | Promise<Value | undefined> => {
    leave();
    const now = how === LOAD_ANEW ? undefined : cache.getNow(wanted);
    return now === undefined ? wait(wanted, how) : now;
  };

  const wait = async (wanted: Key, how: unknown): Promise<Value | undefined> => {
    const mine: Waiting<Value> = { controller: new AbortController() };
    waiting = mine;
    const { signal } = mine.controller;
    try {
      const value = await cache.getOrLoad(wanted, loader, { ...load, signal, refresh: how === LOAD_ANEW });
      // What was written meanwhile is newer than what was loaded; mostly it is what was loaded.
      return mine.change?.written === true ? mine.change.value : value;
    } finally {
      if (waiting === mine) {
        waiting = undefined;
        if (mine.change?.written === false) queueMicrotask(lookAgain);
      }
    }
  };

  const follow = (change: Change<Value>) => {
    if (waiting !== undefined) waiting.change = change;
    else if (change.written) mutate(() => change.value);
    else void lookAgain();
  };

  if (!isServer) {
    createComputed(() => {
      const followed = key();
      if (!isKey(followed)) leave();
      else onCleanup(cache.onChange(followed, follow));
    });
    onCleanup(leave);
  }

  const [resource, { refetch, mutate }] = createResource<Value | undefined, Key, string>(
    key,
    (wanted, info) => fetch(wanted, info?.refetching),
    { ...(initialValue !== undefined && { initialValue }), ...(name !== undefined && { name }) },
  );
  const lookAgain = () => void refetch(LOOK_AGAIN);

  return [
    resource,
    {
      refetch: async () => void (await refetch(LOAD_ANEW)),
      mutate: async (value) => {
        const shown = untrack(key);
        if (!isKey(shown)) return;
        mutate(() => value);
        await cache.set(shown, value);
      },
    },
  ];
}

/** Why the resource asks again: to load anew, or to see what the cache has by now. */
const LOAD_ANEW = 'load anew';
const LOOK_AGAIN = 'look again';

function isKey<Key extends CacheKey>(key: Key | undefined | null | false): key is Key {
  return key !== undefined && key !== null && key !== false;
}

function isSameKey<Key extends CacheKey>(one: Key | undefined | null | false, other: typeof one): boolean {
  return isKey(one) && isKey(other) ? encodeKey(one) === encodeKey(other) : one === other;
}
