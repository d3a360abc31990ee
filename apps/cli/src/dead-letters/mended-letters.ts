import { jsonOf } from '../input/json-of.js';
import type { DeadLetter } from './query.js';

/** A dead letter as the collector takes it back. */
export interface MendedLetter {
  readonly emitter: { readonly service: string; readonly instance: string; readonly version: string };
  readonly sequence: number;
  readonly index: number;
  readonly originalAcceptedAt: number;
  readonly event: unknown;
}

/** Dead letters do not keep the version of the emitter. */
const UNKNOWN_VERSION = 'unknown';
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const POISON = '00000000-0000-0000-0000-000000000000';

/** What one line of a file, or one row of `dead_letters`, says; or why it cannot be replayed. Pure. */
export function mendedLetter(letter: DeadLetter): MendedLetter | string {
  const { instance, sequence, idx, service, accepted_at: acceptedAt, cause, event, version } = letter;
  if (instance === POISON) return 'the record could not be read: it has no identity, and nothing to replay';
  if (cause === 'conflict') return 'another batch came first under its identity: it keeps no event to replay';
  if (typeof instance !== 'string' || !UUID.test(instance)) return '"instance" is not that of a dead letter';
  if (typeof service !== 'string' || service === '') return '"service" is missing';
  const batch = countOf(sequence);
  const index = countOf(idx);
  if (batch === undefined) return '"sequence" is not a whole number';
  if (index === undefined) return '"idx" is not a whole number';
  const originalAcceptedAt = momentOf(acceptedAt);
  if (originalAcceptedAt === undefined) return '"accepted_at" is not a moment such as 2026-11-24 10:00:00.000';
  const read = typeof event === 'string' ? jsonOf(event) : event;
  const missing = whyNoEvent(event, read);
  if (missing !== undefined) return missing;
  return {
    emitter: { service, instance, version: typeof version === 'string' ? version : UNKNOWN_VERSION },
    sequence: batch,
    index,
    originalAcceptedAt,
    event: read,
  };
}

/** Undefined when there is an event to replay, as far as can be seen here. */
function whyNoEvent(kept: unknown, read: unknown): string | undefined {
  if (kept === '' || kept === undefined) return '"event" was too large to keep: there is nothing to mend';
  if (read === undefined) return '"event" is not JSON';
  if (typeof read !== 'object' || read === null || Array.isArray(read))
    return 'what was sent in place of an event is no object: there is nothing to mend';
  if ((read as { kind?: unknown }).kind === '')
    return 'its kind was none that is known, so that all its texts were blanked: write "event" anew, and replay it from a file';
  return undefined;
}

/**
 * The dead letters of one line: a letter by itself, or the whole document that `dead-letters show --json` and
 * `dead-letters list --json` print.
 */
export function lettersOfLine(line: string): readonly DeadLetter[] | undefined {
  const value = jsonOf(line);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { deadLetters } = value as { deadLetters?: unknown };
  const letters: readonly unknown[] = Array.isArray(deadLetters) ? deadLetters : [value];
  return letters.every((one) => typeof one === 'object' && one !== null) ? (letters as DeadLetter[]) : undefined;
}

/** Which event of which batch a letter is, as far as that can be read. */
export interface LetterIdentity {
  readonly instance: string | null;
  readonly sequence: number | null;
  readonly index: number | null;
}

/** Pure. */
export function identityOf({ instance, sequence, idx }: DeadLetter): LetterIdentity {
  return {
    instance: typeof instance === 'string' && UUID.test(instance) ? instance : null,
    sequence: countOf(sequence) ?? null,
    index: countOf(idx) ?? null,
  };
}

/** Whole numbers of 64 bits come as text. */
function countOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value;
  return Number.isSafeInteger(number) && (number as number) >= 0 ? (number as number) : undefined;
}

/** As SQL writes it, in UTC; or ms since 1970. */
function momentOf(value: unknown): number | undefined {
  if (typeof value === 'number') return countOf(value);
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}(\.\d{1,3})?Z?$/.test(value))
    return undefined;
  const time = Date.parse(`${value.replace(' ', 'T').replace(/Z$/, '')}Z`);
  return Number.isNaN(time) ? undefined : time;
}
