import Type, { type Static } from 'typebox';
import { Count, EpochMs, Name, OneOf } from '../primitives.js';
import { Emitter } from '../events/batch.js';
import { SELECTOR_PATTERN } from './select.js';

export const CONTROL_OPERATIONS = [
  'clear',
  'invalidate',
  'pin',
  'unpin',
  'warm',
  'inspect',
  'verify',
  'export',
  'import',
] as const;

/** How long a command is valid when it does not say, ms, and the most that it may say. */
export const COMMAND_VALIDITY_MS = 600_000;
export const MAX_COMMAND_VALIDITY_MS = 86_400_000;

/** Longest key, tag or prefix that a command carries, in UTF-16 units. */
export const MAX_COMMAND_KEY_LENGTH = 8_192;
/** Keys that one `warm` may list. */
export const MAX_COMMAND_KEYS = 1_000;

const EncodedKey = (description: string) =>
  Type.String({ minLength: 1, maxLength: MAX_COMMAND_KEY_LENGTH, description });

const TierName = Type.Optional(
  Type.String({ pattern: '^[a-z][a-z0-9-]{0,31}$', description: 'The tier it is for; left out for all.' }),
);

/** Entries by what is known of them: those for which all that is given holds. */
export const EntryCondition = Type.Object(
  {
    olderThanMs: Type.Optional(Count('Written longer ago than this, ms.')),
    largerThanBytes: Type.Optional(Count('Larger than this, where the tier weighs its entries.')),
    negative: Type.Optional(Type.Boolean({ description: 'Remembered absences, or all but these.' })),
  },
  { additionalProperties: false, description: 'Which entries, by what is known of them; all of it must hold.' },
);
export type EntryCondition = Static<typeof EntryCondition>;

/**
 * What an instance is told to do, once. Keys travel in their canonical encoding (`encodeKey` of the cache), and only
 * from whoever gives the command to the instance: they are in no log, no event and no answer, and are stored no longer
 * than the command is valid.
 */
export const ControlOperation = Type.Object(
  {
    do: OneOf(CONTROL_OPERATIONS, 'What to do.'),
    tier: TierName,
    key: Type.Optional(EncodedKey('An encoded key: for invalidate, pin, unpin, inspect.')),
    tag: Type.Optional(EncodedKey('All entries with this tag: for invalidate.')),
    prefix: Type.Optional(EncodedKey('All entries whose encoded key begins so: for invalidate.')),
    where: Type.Optional(EntryCondition),
    keys: Type.Optional(
      Type.Array(EncodedKey('An encoded key.'), { maxItems: MAX_COMMAND_KEYS, description: 'For warm.' }),
    ),
    hottest: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000,
        description: 'For warm: so many of the keys that were hot last.',
      }),
    ),
    repair: Type.Optional(Type.Boolean({ description: 'For verify: removes what is wrong.' })),
  },
  { additionalProperties: false, description: 'What an instance is told to do, once.' },
);
export type ControlOperation = Static<typeof ControlOperation>;

/** Who changed something: the role, and the id of the key that was shown (`local` where none is needed). Never a person. */
export const ControlAuthor = Type.Object({
  role: OneOf(['operator', 'controller'], 'A person with a key, or the loop that tunes.'),
  key: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,63}$', description: 'Id of the API key; `local` without one.' }),
});
export type ControlAuthor = Static<typeof ControlAuthor>;

export const CommandId = (description: string) =>
  Type.String({ pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$', description });

/** A command as an instance gets it. */
export const ControlCommand = Type.Object({
  id: CommandId('Drawn by the API; an instance does a command once.'),
  revision: Count('Revision of the control state that it came with.'),
  cache: Name('The cache it is for.'),
  operation: ControlOperation,
  dryRun: Type.Boolean({ description: 'Nothing is done; the answer says what would be.' }),
  issuedAt: EpochMs('When it was given.'),
  validUntil: EpochMs('From then on it is not done any more.'),
  by: ControlAuthor,
});
export type ControlCommand = Static<typeof ControlCommand>;

/** A command as it is posted. */
export const CommandRequest = Type.Object(
  {
    cache: Name('The cache it is for.'),
    selector: Type.Optional(
      Type.String({
        pattern: SELECTOR_PATTERN,
        description: 'Which instances: all (default), share:0.05, instance:UUID.',
      }),
    ),
    operation: ControlOperation,
    dryRun: Type.Optional(Type.Boolean({ description: 'Default false.' })),
    validityMs: Type.Optional(
      Type.Integer({
        minimum: 1_000,
        maximum: MAX_COMMAND_VALIDITY_MS,
        description: `How long instances may still do it, ms. Default ${COMMAND_VALIDITY_MS}.`,
      }),
    ),
  },
  { additionalProperties: false, description: 'A command.' },
);
export type CommandRequest = Static<typeof CommandRequest>;

/** Why an instance did not do as it was told. */
export const REFUSALS = [
  'bounds',
  'not_allowed',
  'unknown_cache',
  'unsupported',
  'invalid',
  'expired',
  'from_the_future',
  'switched_off',
  'failed',
] as const;
export type RefusalCode = (typeof REFUSALS)[number];

const Refusal = {
  refused: Type.Optional(OneOf(REFUSALS, 'Why it was not done; left out when it was.')),
  reason: Type.Optional(Type.String({ maxLength: 512, description: 'The same in words, without keys.' })),
};

/** What came of a command in one instance. */
export const CommandAnswer = Type.Object({
  command: CommandId('The command.'),
  entries: Type.Optional(Count('Entries it touched, or would touch.')),
  bytes: Type.Optional(Count('Their bytes, as far as the tiers can tell.')),
  details: Type.Optional(
    Type.Record(
      Type.String({ pattern: '^[ -~]{1,64}$' }),
      Type.Union([Type.String({ maxLength: 128 }), Type.Number(), Type.Boolean()]),
      {
        maxProperties: 32,
        additionalProperties: false,
        description: 'What inspect or verify found: no key, no value.',
      },
    ),
  ),
  ...Refusal,
});
export type CommandAnswer = Static<typeof CommandAnswer>;

const Limits = {
  maxBytes: Type.Optional(Count('Most bytes it may hold.')),
  maxEntries: Type.Optional(Count('Most entries it may hold.')),
};

/** What the host lets be set from afar. What is left out is not bounded. */
export const ControlBounds = Type.Object({
  tiers: Type.Optional(
    Type.Record(
      Type.String({ pattern: '^[a-z][a-z0-9-]{0,31}$' }),
      Type.Object({
        minBytes: Type.Optional(Count('Least maxBytes.')),
        maxBytes: Type.Optional(Count('Greatest maxBytes.')),
        minEntries: Type.Optional(Count('Least maxEntries.')),
        maxEntries: Type.Optional(Count('Greatest maxEntries.')),
      }),
      { maxProperties: 8, additionalProperties: false },
    ),
  ),
  maxTtlMs: Type.Optional(Count('Longest ttlMs, maxAgeMs, negativeTtlMs, and time past the ttl, ms.')),
  policies: Type.Optional(
    Type.Array(Type.String({ maxLength: 32 }), { maxItems: 16, description: 'Policies that may be set; default all.' }),
  ),
  operations: Type.Optional(
    Type.Array(Type.String({ maxLength: 32 }), {
      maxItems: 16,
      description: 'What may be done: settings, pause, and the operations of commands; default all.',
    }),
  ),
});
export type ControlBounds = Static<typeof ControlBounds>;

/** What a cache is, as far as it can be controlled. */
export const CacheDescription = Type.Object({
  cache: Name('Its name.'),
  tiers: Type.Array(
    Type.Object({
      tier: Type.String({ pattern: '^[a-z][a-z0-9-]{0,31}$', description: 'memory, disk, redis.' }),
      entries: Type.Optional(Count('Entries it holds.')),
      bytes: Type.Optional(Count('Bytes it holds.')),
      ...Limits,
    }),
    { maxItems: 8, description: 'From the nearest to the farthest.' },
  ),
  settings: Type.Record(
    Type.String({ pattern: '^[ -~]{1,64}$' }),
    Type.Union([Type.String({ maxLength: 128 }), Type.Number(), Type.Boolean()]),
    {
      maxProperties: 32,
      additionalProperties: false,
      description: 'Settings in force, by name: memory.maxBytes, policy.',
    },
  ),
  bounds: Type.Optional(ControlBounds),
});
export type CacheDescription = Static<typeof CacheDescription>;

/** What an instance says of itself: which state of the settings it has taken in, what came of it, and its answers. */
export const InstanceReport = Type.Object(
  {
    emitter: Type.Object({
      service: Emitter.properties.service,
      instance: Emitter.properties.instance,
      version: Type.Optional(Emitter.properties.version),
    }),
    revision: Type.Optional(Count('The newest revision that it has taken in; left out when nothing is new.')),
    caches: Type.Optional(
      Type.Array(Type.Object({ description: CacheDescription, ...Refusal }), {
        maxItems: 64,
        description: 'Every cache of it that can be controlled, with what came of its desired settings.',
      }),
    ),
    answers: Type.Optional(
      Type.Array(CommandAnswer, { maxItems: 64, description: 'What came of commands since the last report.' }),
    ),
  },
  { description: 'What an instance says of itself.' },
);
export type InstanceReport = Static<typeof InstanceReport>;
