/** Methods of a class whose calls are keys by their names, by the place of their cache. */
const named = new WeakMap<object, Map<symbol, Set<string>>>();
/** By the cache: what the calls of `Class.method` are of. A reloaded module's class meets the cache of another app. */
const claimed = new WeakMap<object, Map<string, object>>();

/**
 * Has a class claim the keys of a method when Nest gives it the cache, that is before the app is up: keys have to be the
 * same after a restart, so that they can only be told apart by names, and two classes of one name would answer each
 * other's calls.
 */
export function claimWhenInjected(target: object, place: symbol, method: string): void {
  const places = named.get(target) ?? new Map<symbol, Set<string>>();
  named.set(target, places);
  const methods = places.get(place);
  if (methods !== undefined) {
    methods.add(method);
    return;
  }
  places.set(place, new Set([method]));
  Object.defineProperty(target, place, {
    configurable: true,
    set(this: object, cache: object) {
      Object.defineProperty(this, place, { configurable: true, writable: true, value: cache });
      // A class that it extends has methods of its own.
      for (let owner = parentOf(this); owner !== null; owner = parentOf(owner))
        for (const one of named.get(owner)?.get(place) ?? []) claim(cache, owner, one);
    },
  });
}

/** @throws TypeError when another class has done so */
function claim(cache: object, owner: object, method: string): void {
  const owners = claimed.get(cache) ?? new Map<string, object>();
  claimed.set(cache, owners);
  const { name } = owner.constructor;
  const id = JSON.stringify([name, method]);
  const other = owners.get(id);
  if (other !== undefined && other !== owner)
    throw new TypeError(
      `Two classes named ${name} have a method ${method} that is answered from cache ${(cache as { readonly name: string }).name}, and their calls would have the same keys. Name one otherwise, or give its @Cached a key.`,
    );
  owners.set(id, owner);
}

function parentOf(object: object): object | null {
  return Object.getPrototypeOf(object) as object | null;
}
