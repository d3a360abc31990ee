import Type, { type Static } from 'typebox';
import { Count, EpochMs, Name } from '../primitives.js';
import type { Event } from './kinds.js';

/** The schema's major version. A batch of a newer one is refused; unknown fields of this one are left out and counted. */
export const SCHEMA_VERSION = 1;

/** Bounds on one batch. Bytes are what travels, before and after decompression. */
export const MAX_BATCH_EVENTS = 10_000;
export const MAX_BATCH_BYTES = 1_048_576;
export const MAX_BATCH_BYTES_DECODED = 8_388_608;

/** Why an emitter dropped events, as it announces it. */
export const DROP_REASONS = ['buffer_full', 'spool_full', 'too_old', 'refused', 'invalid', 'not_sampled'] as const;

const INSTANCE = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether a text is the id of an instance. */
export function isInstance(text: string): boolean {
  return INSTANCE.test(text);
}

const OptionalCount = () => Type.Optional(Count('Events dropped since the batch before.'));

export const Emitter = Type.Object(
  {
    service: Name('Name of the service or app.'),
    instance: Type.String({
      pattern: INSTANCE.source,
      description: 'Random UUID in lower case, drawn anew at each start; carries no identity.',
    }),
    version: Name('Version of the service or app.'),
    platform: Type.Optional(Name('Operating system or browser family.')),
  },
  { description: 'The instance that emits.' },
);

/** All of a batch but its events, which are checked one by one. */
export const BatchHeader = Type.Object({
  schema: Type.Integer({ minimum: 1, description: `Major version of the schema, ${SCHEMA_VERSION}.` }),
  emitter: Emitter,
  sequence: Count("The emitter's own counter of its batches, from 0."),
  sentAt: EpochMs("The emitter's clock when the batch was made final."),
  closedThrough: Type.Optional(
    EpochMs(
      'All windows that end up to here have been emitted, in this batch or an earlier one. Default: the latest event.',
    ),
  ),
  dropped: Type.Optional(
    Type.Object(
      Object.fromEntries(DROP_REASONS.map((reason) => [reason, OptionalCount()])) as Record<
        (typeof DROP_REASONS)[number],
        ReturnType<typeof OptionalCount>
      >,
      { description: 'What the emitter itself had to drop since its last batch, by reason. What is left out is 0.' },
    ),
  ),
});

export type Emitter = Static<typeof Emitter>;
export type BatchHeader = Static<typeof BatchHeader>;

/** What an emitter posts at once. A batch without events is a heartbeat. */
export interface Batch extends BatchHeader {
  events: Event[];
}
