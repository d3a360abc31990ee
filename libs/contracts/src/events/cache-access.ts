import Type, { type Static } from 'typebox';
import { Count, EpochMs, Hash64, Name, OneOf } from '../primitives.js';

/** One access to a key chosen by its hash: spatial sampling keeps whole histories of some keys (SHARDS). */
export const CacheAccess = Type.Object(
  {
    kind: Type.Literal('cache.access'),
    time: EpochMs('When the access happened.'),
    cache: Name('Name of the cache.'),
    tier: Type.Optional(Name('Tier that answered.')),
    keyHash: Hash64('Salted hash of the key; the salt is never sent.'),
    operation: OneOf(['get', 'set', 'delete'], 'What was asked of the cache.'),
    result: OneOf(['hit', 'stale', 'miss', 'negative', 'error', 'stored', 'rejected', 'removed'], 'What came of it.'),
    bytes: Type.Optional(Count('Size of the entry.')),
    costNs: Type.Optional(Count('What loading the missing entry took, in nanoseconds.')),
    ageMs: Type.Optional(Count('Age of the entry when it was hit.')),
    ttlMs: Type.Optional(Count('Time to live that the entry was given.')),
    rate: Type.Number({ exclusiveMinimum: 0, maximum: 1, description: 'Share of the key space sampled at that time.' }),
  },
  { description: 'One access to a key chosen by its hash.' },
);

export type CacheAccess = Static<typeof CacheAccess>;
