import { checkBatch, MAX_BATCH_EVENTS, SCHEMA_VERSION, type CheckedBatch, type Rejection } from '#libs/contracts';
import { HttpProblem } from '#libs/operations';

/** Letters of one batch that were accepted at one time: they make one record. */
export interface LetterGroup {
  readonly originalAcceptedAt: number;
  readonly checked: CheckedBatch;
  /** Index of each accepted event in the emitter's own bytes, ascending. */
  readonly indexes: readonly number[];
  /** Where each accepted event stands among the letters posted. */
  readonly positions: readonly number[];
}

export interface SortedLetters {
  readonly groups: readonly LetterGroup[];
  /** By the letters' positions; pointers into the posted body. */
  readonly rejections: readonly Rejection[];
}

interface Letter {
  readonly emitter: unknown;
  readonly sequence: unknown;
  readonly index: number;
  readonly originalAcceptedAt: number;
  readonly event: unknown;
}

/** What a row of the tables can hold (UInt32, with room for a count). */
const MAX_INDEX = 999_999_999;

/**
 * Reads `{ letters: [{ emitter, sequence, index, originalAcceptedAt, event }] }`, checks each event as if it came in
 * its batch, and groups by batch and accept time. Pure; O(letters).
 * @param now ms since 1970: no letter was accepted later.
 * @throws HttpProblem INVALID_LETTERS when the body is no list of letters.
 */
export function sortLetters(body: unknown, now: number): SortedLetters {
  const { letters } = (typeof body === 'object' && body !== null ? body : {}) as { letters?: unknown };
  if (!Array.isArray(letters)) throw new HttpProblem('INVALID_LETTERS', '/letters must be a list of dead letters.');
  if (letters.length > MAX_BATCH_EVENTS)
    throw new HttpProblem('INVALID_LETTERS', `/letters must hold at most ${MAX_BATCH_EVENTS} dead letters.`);
  const rejections: Rejection[] = [];
  const grouped = new Map<string, Map<number, { letter: Letter; position: number }>>();
  letters.forEach((posted: unknown, position) => {
    const reject = (pointer: string, reason: string) =>
      void rejections.push({ index: position, pointer: `/letters/${position}${pointer}`, reason });
    if (typeof posted !== 'object' || posted === null) return reject('', 'a dead letter must be an object');
    const letter = posted as Letter;
    if (!isCount(letter.index, MAX_INDEX)) return reject('/index', 'must be the index of the event in its batch');
    if (!isCount(letter.originalAcceptedAt, now))
      return reject('/originalAcceptedAt', 'must be the time in ms at which the batch was accepted');
    const key = JSON.stringify([letter.emitter, letter.sequence, letter.originalAcceptedAt]);
    let group = grouped.get(key);
    if (group === undefined) grouped.set(key, (group = new Map()));
    if (group.has(letter.index)) return reject('/index', 'another letter of this request has the same identity');
    group.set(letter.index, { letter, position });
  });
  const groups = [...grouped.values()].map((group) => checkGroup([...group.values()], rejections));
  return {
    groups: groups.filter((group) => group !== undefined),
    rejections: rejections.sort((a, b) => a.index - b.index),
  };
}

function checkGroup(members: { letter: Letter; position: number }[], rejections: Rejection[]): LetterGroup | undefined {
  members.sort((a, b) => a.letter.index - b.letter.index);
  const { emitter, sequence, originalAcceptedAt } = members[0]!.letter;
  const events = members.map(({ letter }) => letter.event);
  // The time of sending is not known any more, and must not change from one replay to the next.
  const checked = checkBatch({ schema: SCHEMA_VERSION, emitter, sequence, sentAt: originalAcceptedAt, events });
  if (!checked.ok) {
    const { pointer, reason } = checked.fault;
    for (const { position } of members)
      rejections.push({ index: position, pointer: `/letters/${position}${pointer}`, reason });
    return undefined;
  }
  rejections.push(...checked.rejections.map((rejection) => ofLetter(rejection, members)));
  const accepted = checked.indexes === undefined ? members : checked.indexes.map((at) => members[at]!);
  if (accepted.length === 0) return undefined;
  return {
    originalAcceptedAt,
    checked,
    indexes: accepted.map(({ letter }) => letter.index),
    positions: accepted.map(({ position }) => position),
  };
}

/** `/events/3/bytes` of the group's batch as it is called in the posted body. */
function ofLetter({ index, pointer, reason }: Rejection, members: readonly { position: number }[]): Rejection {
  const { position } = members[index]!;
  return { index: position, pointer: pointer.replace(/^\/events\/\d+/, `/letters/${position}/event`), reason };
}

function isCount(value: unknown, most: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= most;
}
