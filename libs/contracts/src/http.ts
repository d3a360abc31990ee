import Type, { type Static } from 'typebox';
import { BatchHeader } from './events/batch.js';
import { Count } from './primitives.js';

/** Problem body of every error answer (RFC 9457). `detail` says what happened; `remedy` says what to do. */
export const Problem = Type.Object({
  type: Type.String({ description: 'Stable identifier of the kind of problem: urn:alperf:problem:CODE.' }),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String(),
  remedy: Type.String(),
});
export type Problem = Static<typeof Problem>;

export const PROBLEM_CONTENT_TYPE = 'application/problem+json';

/** One event that was not accepted: where it stood in the batch, where in it the fault is, and why. */
export const Rejection = Type.Object({
  index: Type.Integer({ minimum: 0, description: 'Position in the posted batch.' }),
  pointer: Type.String({ description: 'JSON pointer into the posted body (RFC 6901).' }),
  reason: Type.String({ description: 'What is wrong, in words.' }),
});
export type Rejection = Static<typeof Rejection>;

/** Answer 202: the log has it. Written in this order: emitters keep only the beginning of a long one. */
export const Accepted = Type.Object({
  accepted: Count('Events accepted.'),
  rejected: Type.Array(Rejection, { description: 'Events not accepted, by position. They are kept as dead letters.' }),
  unknownFields: Count('Fields this version does not know; they were left out.'),
  capped: Count('Label values over their cap, counted under __other__.'),
});
export type Accepted = Static<typeof Accepted>;

/** A mended dead letter as it is posted: its identity, when its batch was accepted, and the event (by the schema of its kind). */
export const PostedLetter = Type.Object({
  emitter: BatchHeader.properties.emitter,
  sequence: BatchHeader.properties.sequence,
  index: Type.Integer({ minimum: 0, maximum: 999_999_999, description: 'Position of the event in its batch.' }),
  originalAcceptedAt: Type.Integer({ minimum: 0, description: 'When its batch was accepted, ms since 1970.' }),
  event: Type.Unknown({ description: 'The mended event.' }),
});

/**
 * First line of a body posted by sendBeacon, which can set no header: `{"key":"…"}` and a line feed, then the batch as JSON.
 * Posted as text/plain, the only type that every browser sends across origins without asking first.
 */
export const BeaconPreamble = Type.Object({ key: Type.Optional(Type.String({ maxLength: 256 })) });
export type BeaconPreamble = Static<typeof BeaconPreamble>;
