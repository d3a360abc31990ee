import { encodeKey } from '../key/cache-key.js';
import type { Kept } from '../memory/memory-options.js';
import type { LoadOptions } from '../options.js';
import { checkTag, checkTags } from '../validate/call-options.js';
import { entryLifetime, type LifetimeMs } from './lifetime.js';

/** What is kept of a value, or undefined when it is not to be kept at all: no time to live, or an absence not remembered. */
export function keptOf(
  value: unknown,
  write: LoadOptions,
  tags: readonly string[] | undefined,
  loadMs: number,
  lifetime: LifetimeMs,
  random: () => number,
): Kept | undefined {
  const negative = value === undefined;
  const { freshMs, staleMs, revalidateMs, slidingMs, maxAgeMs } = entryLifetime(lifetime, write, negative, random);
  if (freshMs + staleMs <= 0) return undefined;
  const cost = Math.max(loadMs, write.cost ?? 0);
  const { version } = write;
  return {
    value,
    negative,
    freshMs,
    staleMs,
    revalidateMs,
    slidingMs,
    maxAgeMs,
    loadMs: cost > 0 ? cost : undefined,
    version,
    tags: tags !== undefined && tags.length > 0 ? tags : undefined,
  };
}

/** Tags are told apart by namespace as keys are. @throws TypeError for what is no text */
export function encodeTags(prefix: string, tags: readonly string[] | undefined): readonly string[] | undefined {
  if (tags === undefined) return undefined;
  checkTags(tags);
  return tags.map((tag) => encodeTag(prefix, tag));
}

export function encodeTag(prefix: string, tag: string): string {
  checkTag(tag);
  return prefix + encodeKey(tag);
}
