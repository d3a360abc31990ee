import { Inject } from '@nestjs/common';

/** What the cache of a name is injected by. */
export function cacheToken(name: string): string {
  return `allibrary.cache.${name}`;
}

/** Injects the cache of that name: `constructor(@InjectCache('covers') private readonly covers: Cache<string, Cover>)`. */
export function InjectCache(name: string): ParameterDecorator & PropertyDecorator {
  return Inject(cacheToken(name));
}
