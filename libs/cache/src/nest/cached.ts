import { Inject } from '@nestjs/common';
import type { Cache, CacheKey, LoadOptions } from '#libs/cache';
import { cacheToken } from './cache-token.js';
import { claimWhenInjected } from './claim-keys.js';

type Arguments = readonly unknown[];
type Method = (...args: never[]) => Promise<unknown>;

/** For asynchronous methods whose first arguments are of these types. */
export type DecoratorOf<Args extends Arguments> = <Found extends Method>(
  target: object,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<Found> &
    (Parameters<Found> extends readonly [...Args, ...unknown[]] ? unknown : { readonly takes: Args }),
) => void;

export interface CachedOptions<Args extends Arguments = []> extends Omit<LoadOptions, 'tags' | 'signal' | 'within'> {
  /** Name of the cache. */
  readonly cache: string;
  /** Key of a call. Default: class, method and arguments; nothing of `this` is in it. */
  readonly key?: (...args: Args) => CacheKey;
  /** Tags of what a call answers. */
  readonly tags?: readonly string[] | ((...args: Args) => readonly string[]);
}

/**
 * Answers a method from a cache: calls with equal arguments share one run of it, and what it throws passes on and is not
 * kept. It must be asynchronous, and its arguments plain values: `undefined` only at the end; anything else needs `key`.
 */
export function Cached<Args extends Arguments = []>(options: CachedOptions<Args>): DecoratorOf<Args> {
  const { cache: cacheName, key, tags, ...load } = options;
  return (target, name, descriptor) => {
    const method = descriptor.value as Method;
    const cacheOf = injected(target, cacheName, key === undefined ? String(name) : undefined);
    const keyOf = key ?? ((...args: Args) => callKey(target.constructor.name, String(name), args));
    replace(descriptor, function cached(this: object, ...args: never[]): Promise<unknown> {
      const given = args as unknown as Args;
      const tagged = typeof tags === 'function' ? tags(...given) : tags;
      return cacheOf(this).getOrLoad(keyOf(...given), () => method.apply(this, args), {
        ...load,
        ...(tagged !== undefined && { tags: tagged }),
      });
    });
  };
}

/** After the method has done its work, what has the tag is invalidated. When it throws, nothing is. */
export function InvalidatesTag<Args extends Arguments = []>(
  cacheName: string,
  tag: string | ((...args: Args) => string),
): DecoratorOf<Args> {
  return after<Args>(cacheName, (cache, args) => cache.invalidateTag(typeof tag === 'function' ? tag(...args) : tag));
}

/** After the method has done its work, the entry of the key is deleted. When it throws, it is not. */
export function Evicts<Args extends Arguments = []>(
  cacheName: string,
  key: (...args: Args) => CacheKey,
): DecoratorOf<Args> {
  return after<Args>(cacheName, (cache, args) => cache.delete(key(...args)));
}

/** The key of a call when `@Cached` is given none: for `delete`, and its first two parts for `invalidatePrefix`. @throws TypeError */
export function callKey(className: string, method: string, args: readonly unknown[]): CacheKey {
  const given = args.slice(0, args.findLastIndex((one) => one !== undefined) + 1);
  if (given.includes(undefined))
    throw new TypeError(
      `${className}.${method} was called with undefined before another argument, which no key can be made of. Give @Cached a key.`,
    );
  return [className, method, ...(given as CacheKey[])];
}

function after<Args extends Arguments>(
  cacheName: string,
  done: (cache: Cache<CacheKey, unknown>, args: Args) => Promise<unknown>,
): DecoratorOf<Args> {
  return (target, _, descriptor) => {
    const method = descriptor.value as Method;
    const cacheOf = injected(target, cacheName);
    replace(descriptor, async function changing(this: object, ...args: never[]): Promise<unknown> {
      const answer = await method.apply(this, args);
      await done(cacheOf(this), args as unknown as Args);
      return answer;
    });
  };
}

/** Has Nest put the cache into each instance, under a name of ours; `named`: a method whose calls are keys by its name. */
function injected(target: object, cacheName: string, named?: string): (instance: object) => Cache<CacheKey, unknown> {
  const place = Symbol.for(cacheToken(cacheName));
  Inject(cacheToken(cacheName))(target, place);
  if (named !== undefined) claimWhenInjected(target, place, named);
  return (instance) => {
    const cache = (instance as { readonly [place: symbol]: Cache<CacheKey, unknown> | undefined })[place];
    if (cache === undefined)
      throw new TypeError(
        `${instance.constructor.name} was not made by Nest, so that it has no cache ${cacheName}. Take it from the module.`,
      );
    return cache;
  };
}

/** Puts another function in a method's place, with the metadata that Nest reads from functions, such as routes. */
function replace<Found>(descriptor: TypedPropertyDescriptor<Found>, by: Method): void {
  const method = descriptor.value as object;
  for (const key of Reflect.getMetadataKeys(method)) Reflect.defineMetadata(key, Reflect.getMetadata(key, method), by);
  Object.defineProperty(by, 'name', { value: (method as Method).name });
  descriptor.value = by as unknown as Found;
}
