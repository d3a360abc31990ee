import Type, { type Static } from 'typebox';
import { Count, EpochMs, Name, OneOf } from '../primitives.js';
import { Emitter } from '../events/batch.js';
import { CommandAnswer, CommandId, CacheDescription, ControlAuthor, ControlOperation, REFUSALS } from './commands.js';
import { ControlSettings } from './settings.js';

/** Most bytes of a body that is posted to the control channel. */
export const MAX_CONTROL_BYTES = 131_072;

const Selector = Type.String({ description: 'all, share:0.05 or instance:UUID.' });

/** What is desired of one cache in the instances that a selector names. */
export const SettingsEntry = Type.Object({
  cache: Name('The cache.'),
  selector: Selector,
  settings: ControlSettings,
  revision: Count('When it was last changed, as a revision: the ETag, and what If-Match takes.'),
  at: EpochMs('When that was.'),
  by: ControlAuthor,
});
export type SettingsEntry = Static<typeof SettingsEntry>;

/** Whether instances may be controlled from afar. */
export const ControlSwitch = Type.Object({
  on: Type.Boolean({ description: 'Off: instances apply nothing from afar until it is on again.' }),
  revision: Count('When it was last changed, as a revision; 0 when it never was.'),
  at: EpochMs('When that was.'),
  by: Type.Optional(ControlAuthor),
  lastOff: Type.Optional(Count('When it was last switched off, as a revision: commands of before are withdrawn.')),
});
export type ControlSwitch = Static<typeof ControlSwitch>;

export const SwitchRequest = Type.Object(
  { on: Type.Boolean({ description: 'Whether instances may be controlled from afar.' }) },
  { additionalProperties: false },
);

/** All that is desired of a service. */
export const ServiceControl = Type.Object({
  service: Name('The service.'),
  revision: Count('When anything of it was last changed, as a revision.'),
  switch: ControlSwitch,
  settings: Type.Array(SettingsEntry),
});
export type ServiceControl = Static<typeof ServiceControl>;

export const ServicesAnswer = Type.Object({
  switch: ControlSwitch,
  services: Type.Array(
    Type.Object({ service: Name('The service.'), revision: Count('Its revision.'), settings: Count('Entries.') }),
  ),
});
export type ServicesAnswer = Static<typeof ServicesAnswer>;

/** One step in what was desired of a service. Commands stand here by what they do, without their keys. */
export const ControlHistoryEntry = Type.Object({
  revision: Count('The revision it made.'),
  at: EpochMs('When.'),
  by: ControlAuthor,
  change: OneOf(['settings', 'removed', 'switch', 'command', 'withdrawn'], 'What was done.'),
  cache: Type.Optional(Name('The cache.')),
  selector: Type.Optional(Selector),
  before: Type.Optional(ControlSettings),
  after: Type.Optional(ControlSettings),
  on: Type.Optional(Type.Boolean()),
  everywhere: Type.Optional(
    Type.Boolean({ description: 'True where it was the switch of all services, not that of this one.' }),
  ),
  operation: Type.Optional(ControlOperation.properties.do),
  dryRun: Type.Optional(Type.Boolean()),
});
export type ControlHistoryEntry = Static<typeof ControlHistoryEntry>;

export const HistoryAnswer = Type.Object({
  history: Type.Array(ControlHistoryEntry, {
    description: 'The latest first; at most 100. The switch of all services is in that of each.',
  }),
});
export type HistoryAnswer = Static<typeof HistoryAnswer>;

const Refusal = {
  refused: Type.Optional(OneOf(REFUSALS, 'Why its desired settings are not in force.')),
  reason: Type.Optional(Type.String()),
};

/** One instance that can be controlled. */
export const ControlledInstance = Type.Object({
  instance: Emitter.properties.instance,
  connected: Type.Boolean({ description: 'Whether it listens now.' }),
  version: Type.Optional(Emitter.properties.version),
  desired: Count('The revision that it should have taken in.'),
  acknowledged: Type.Union([Count('The revision that it has taken in.'), Type.Null()]),
  at: Type.Union([EpochMs('When it said so.'), Type.Null()]),
  caches: Type.Array(Type.Object({ description: CacheDescription, ...Refusal })),
});
export type ControlledInstance = Static<typeof ControlledInstance>;

export const InstancesAnswer = Type.Object({ instances: Type.Array(ControlledInstance) });
export type InstancesAnswer = Static<typeof InstancesAnswer>;

/** What a change of settings would do, said before it is done. */
export const SettingsDryRun = Type.Object({
  dryRun: Type.Literal(true),
  instances: Type.Array(
    Type.Object({
      instance: Emitter.properties.instance,
      before: ControlSettings,
      after: ControlSettings,
      at: Type.Union([EpochMs('When it reported last.'), Type.Null()]),
      known: Type.Boolean({
        description:
          'Whether it has reported such a cache. Without, nothing is known of what it would refuse or evict.',
      }),
      ...Refusal,
      evicts: Type.Optional(
        Type.Array(
          Type.Object({
            tier: Type.String(),
            entries: Type.Optional(Count('Entries over the limit of entries.')),
            bytes: Type.Optional(Count('Bytes over the limit of bytes.')),
          }),
          { description: 'What a lower limit would evict at least, of what it held at its last report.' },
        ),
      ),
    }),
    { description: 'The connected instances in which something would change.' },
  ),
});
export type SettingsDryRun = Static<typeof SettingsDryRun>;

/** A command, with what came of it so far. Its keys are left out. */
export const CommandStatus = Type.Object({
  id: CommandId('The command.'),
  service: Name('The service.'),
  cache: Name('The cache.'),
  selector: Selector,
  operation: ControlOperation.properties.do,
  dryRun: Type.Boolean(),
  issuedAt: EpochMs('When it was given.'),
  validUntil: EpochMs('From then on it is not done any more, and its answers are forgotten.'),
  by: ControlAuthor,
  expected: Count('Connected instances that it is for.'),
  answers: Type.Array(Type.Object({ instance: Emitter.properties.instance, ...CommandAnswer.properties })),
  entries: Count('Entries over all answers.'),
  bytes: Count('Bytes over all answers.'),
});
export type CommandStatus = Static<typeof CommandStatus>;

/** Events of the stream that instances listen to, in the `data` of each. */
export const ControlHello = Type.Object({
  now: EpochMs("The API's clock."),
  heartbeatMs: Count('Something comes at least this often, ms.'),
});
export type ControlHello = Static<typeof ControlHello>;

/** All that is desired of one instance: the whole of it, each time. */
export const ControlState = Type.Object({
  revision: Count('It only grows; also the id of the event.'),
  at: EpochMs('When the newest part of it was changed.'),
  on: Type.Boolean({ description: 'Off: apply nothing until it is on again.' }),
  by: ControlAuthor,
  caches: Type.Record(Type.String(), ControlSettings, { description: 'Desired settings by cache.' }),
  authors: Type.Optional(
    Type.Record(Type.String(), ControlAuthor, {
      description: 'Who last changed what is desired of a cache, where that is not who changed the newest part.',
    }),
  ),
  lastOff: Type.Optional(
    Count(
      'When it was last switched off, as a revision: commands of before are withdrawn, also those an instance has.',
    ),
  ),
});
export type ControlState = Static<typeof ControlState>;
