import Type, { type Static } from 'typebox';
import { Count, EpochMs, Name, OneOf } from '../primitives.js';

/** A step in a cache's life: the annotations on its charts. */
export const CacheChange = Type.Object(
  {
    kind: Type.Literal('cache.change'),
    time: EpochMs('When it was done.'),
    cache: Name('Name of the cache.'),
    tier: Type.Optional(Name('Tier it was done to; left out for all.')),
    change: OneOf(
      [
        'created',
        'settings',
        'cleared',
        'invalidated',
        'warmed',
        'imported',
        'pinned',
        'unpinned',
        'repaired',
        'plan_applied',
        'plan_rolled_back',
        'closed',
      ],
      'What was done.',
    ),
    by: OneOf(['host', 'operator', 'controller', 'policy'], 'The role that did it; never a person.'),
    entries: Type.Optional(Count('How many entries it touched.')),
    bytes: Type.Optional(Count('How many bytes it touched.')),
    settings: Type.Optional(
      Type.Record(
        Type.String({ pattern: '^[ -~]{1,64}$' }),
        Type.Union([Type.String({ maxLength: 128 }), Type.Number(), Type.Boolean()]),
        {
          maxProperties: 32,
          additionalProperties: false,
          description: 'The settings in force afterwards.',
        },
      ),
    ),
    revision: Type.Optional(Count('Revision of the desired settings that this acknowledges.')),
  },
  {
    description:
      'Settings changed, cleared, invalidated, warmed, a snapshot taken in, pinned, repaired, a plan applied or rolled back.',
  },
);

export type CacheChange = Static<typeof CacheChange>;
