import Type, { type Static } from 'typebox';
import { Count, OneOf } from '../primitives.js';
import { flatSettings } from './flat-settings.js';

/** Longest duration that a setting may name, ms: ten years. */
const MAX_DURATION_MS = 315_360_000_000;

const Duration = (description: string) =>
  Type.Optional(Type.Integer({ minimum: 0, maximum: MAX_DURATION_MS, description: `${description} ms.` }));

/** What a cache's eviction can be set to: the policies, and the choice of whichever would do best. */
export const EVICTION_SETTINGS = ['s3-fifo', 'lru', 'sieve', 'w-tinylfu', 'arc', 'adaptive'] as const;

export const TierSettings = Type.Object(
  {
    maxBytes: Type.Optional(Count('Most bytes that the tier may hold.')),
    maxEntries: Type.Optional(Count('Most entries that the tier may hold.')),
  },
  { additionalProperties: false, description: 'Limits of one tier.' },
);

/**
 * What is desired of one cache from afar. A field that is left out is the host's own: taking a setting away gives the
 * cache back what its host had set.
 */
export const ControlSettings = Type.Object(
  {
    tiers: Type.Optional(
      Type.Record(Type.String({ pattern: '^[a-z][a-z0-9-]{0,31}$' }), TierSettings, {
        maxProperties: 8,
        additionalProperties: false,
        description: 'Limits by tier: memory, disk, redis.',
      }),
    ),
    policy: Type.Optional(OneOf(EVICTION_SETTINGS, 'Eviction policy of the memory tier.')),
    ttlMs: Duration('How long an entry is fresh,'),
    ttlJitter: Type.Optional(Type.Number({ minimum: 0, maximum: 1, description: 'Share of the ttl left to chance.' })),
    maxAgeMs: Duration('No entry is answered when it is older,'),
    staleWhileRevalidateMs: Duration('How long past its ttl an entry is answered while it is refreshed,'),
    staleIfErrorMs: Duration('How long past its ttl an entry is answered when its loader fails,'),
    negativeTtlMs: Duration('How long the absence of a value is remembered,'),
    earlyRefresh: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 10,
        description: 'How eagerly entries are refreshed before their end (XFetch).',
      }),
    ),
    paused: Type.Optional(
      Type.Boolean({
        description:
          'The cache stands aside: every read goes to the origin, nothing is kept. False ends no pause of its host.',
      }),
    ),
    sampling: Type.Optional(
      Type.Object(
        {
          maxKeys: Type.Optional(
            Type.Integer({ minimum: 0, maximum: 1_000_000, description: 'Keys sampled at most.' }),
          ),
          rate: Type.Optional(Type.Number({ minimum: 0, maximum: 1, description: 'Share of the keys sampled.' })),
        },
        { additionalProperties: false, description: 'Which accesses are sampled: one of the two.' },
      ),
    ),
  },
  { additionalProperties: false, description: 'What is desired of a cache; what is left out is as its host set it.' },
);
export type ControlSettings = Static<typeof ControlSettings>;

/** What is wrong with settings of the right shape, or undefined. */
export function settingsProblem(settings: ControlSettings): { pointer: string; reason: string } | undefined {
  if (Object.keys(flatSettings(settings)).length === 0)
    return { pointer: '', reason: 'sets nothing; delete the entry to give the cache back what its host had set' };
  const { sampling, ttlMs, maxAgeMs } = settings;
  if (sampling !== undefined && Object.keys(sampling).length !== 1)
    return { pointer: '/sampling', reason: 'must have either maxKeys or rate' };
  if (ttlMs !== undefined && maxAgeMs !== undefined && ttlMs > maxAgeMs)
    return { pointer: '/ttlMs', reason: 'is longer than maxAgeMs' };
  return undefined;
}
