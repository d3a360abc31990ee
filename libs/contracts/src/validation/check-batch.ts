import { Compile } from 'typebox/compile';
import { BatchHeader, MAX_BATCH_EVENTS, SCHEMA_VERSION, type Batch } from '../events/batch.js';
import type { Event } from '../events/kinds.js';
import type { Rejection } from '../http.js';
import { eventChecks, eventFault } from './event-checks.js';
import { explain, type Fault, type Schema } from './explain.js';
import { fieldFilter, type FieldFilter } from './unknown-fields.js';

/** The batch as a whole cannot be taken: its header is wrong, so that its events have no identity. */
export interface RefusedBatch {
  readonly ok: false;
  /** `SCHEMA_TOO_NEW`: an older collector cannot know what it would lose. `INVALID_BATCH`: anything else. */
  readonly code: 'SCHEMA_TOO_NEW' | 'INVALID_BATCH';
  readonly fault: Fault;
}

export interface CheckedBatch {
  readonly ok: true;
  /** The accepted batch, fields unknown to this version left out. It is `parsed` itself when nothing changed. */
  readonly batch: Batch;
  /** Position of each accepted event in what was posted; undefined when all were accepted: event `i` is then at `i`. */
  readonly indexes: readonly number[] | undefined;
  /** Ascending by index; pointers into the posted body. */
  readonly rejections: readonly Rejection[];
  readonly unknownFields: number;
  /** Whether the batch differs from what was posted: something was rejected or left out. */
  readonly changed: boolean;
}

let compiled: { matches: (value: unknown) => boolean; filter: FieldFilter } | undefined;

function headerCheck() {
  if (compiled !== undefined) return compiled;
  const schema = BatchHeader as Schema;
  const check = Compile(BatchHeader);
  // Its own fields, and `events`, whose insides are the events' own matter.
  const filter = fieldFilter({ ...schema, properties: { ...schema.properties, events: {} } })!;
  return (compiled = { matches: (value) => check.Check(value), filter });
}

/**
 * Checks a batch as it came out of JSON.parse: header first, then event by event, compiled. Never throws, whatever it
 * is handed; touches no prototype; takes time linear in the fields (not in their depth).
 */
export function checkBatch(parsed: unknown): RefusedBatch | CheckedBatch {
  const refused = headerFault(parsed);
  if (refused !== undefined) return refused;
  const posted = parsed as Batch;
  const events = posted.events as readonly unknown[];
  const checks = eventChecks();
  let rejections: Rejection[] | undefined;
  let unknownFields = headerCheck().filter.count(posted);
  for (let index = 0; index < events.length; index++) {
    const event = events[index];
    const fast = typeof event === 'object' && event !== null ? checks.get((event as Event).kind) : undefined;
    if (fast !== undefined && fast.matches(event) && fast.problem?.(event as Event) === undefined) {
      unknownFields += fast.filter.count(event);
      continue;
    }
    const { pointer, reason } = eventFault(event)!;
    (rejections ??= []).push({ index, pointer: `/events/${index}${pointer}`, reason });
  }
  if (rejections === undefined && unknownFields === 0)
    return { ok: true, batch: posted, indexes: undefined, rejections: [], unknownFields: 0, changed: false };
  return rest(posted, rejections ?? [], unknownFields);
}

function rest(posted: Batch, rejections: readonly Rejection[], unknownFields: number): CheckedBatch {
  const rejected = new Set(rejections.map(({ index }) => index));
  const indexes: number[] = [];
  const kept: Event[] = [];
  posted.events.forEach((event, index) => {
    if (rejected.has(index)) return;
    indexes.push(index);
    kept.push(unknownFields === 0 ? event : (eventChecks().get(event.kind)!.filter.strip(event) as Event));
  });
  const batch = { ...(headerCheck().filter.strip(posted) as Batch), events: kept };
  return {
    ok: true,
    batch,
    indexes: rejected.size === 0 ? undefined : indexes,
    rejections,
    unknownFields,
    changed: true,
  };
}

function headerFault(parsed: unknown): RefusedBatch | undefined {
  const invalid = (fault: Fault): RefusedBatch => ({ ok: false, code: 'INVALID_BATCH', fault });
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    return invalid({ pointer: '', reason: 'must be one batch, a JSON object' });
  const { schema, events } = parsed as { schema?: unknown; events?: unknown };
  // Before the rest: a newer schema may have another header, too.
  if (typeof schema === 'number' && Number.isInteger(schema) && schema > SCHEMA_VERSION)
    return {
      ok: false,
      code: 'SCHEMA_TOO_NEW',
      fault: { pointer: '/schema', reason: `is ${schema}; this version reads ${SCHEMA_VERSION}` },
    };
  if (!headerCheck().matches(parsed))
    return invalid(explain(BatchHeader as Schema, parsed) ?? { pointer: '', reason: 'the header is not valid' });
  if (!Array.isArray(events)) return invalid({ pointer: '/events', reason: 'must be a list of events' });
  if (events.length > MAX_BATCH_EVENTS)
    return invalid({ pointer: '/events', reason: `must hold at most ${MAX_BATCH_EVENTS} events` });
  return undefined;
}
