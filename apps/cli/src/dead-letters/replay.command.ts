import { resolve } from 'node:path';
import { DEAD_LETTER_CAUSES, type Accepted } from '#libs/contracts';
import { alperfCommand } from '#libs/operations';
import type { Answer, Command, Host, Invocation } from '../command/command.js';
import { CliError, EmptyInputError, UsageError } from '../command/errors.js';
import { EXIT } from '../command/exit-codes.js';
import { wholeNumber } from '../command/values.js';
import { refusal } from '../http/request.js';
import { Server, SERVER_OPTIONS } from '../http/server.js';
import { linesOf } from '../input/lines.js';
import { filterOf } from './filter-options.js';
import { identityOf, lettersOfLine, mendedLetter, type LetterIdentity, type MendedLetter } from './mended-letters.js';
import { findDeadLetters, type DeadLetter } from './query.js';

const PATH = '/v1/dead-letters/replay';
/** Letters of one request: at 2 KiB each at most, well within what one request may carry. */
const LETTERS_A_REQUEST = 250;

export const deadLettersReplayCommand: Command = {
  name: 'dead-letters replay',
  summary: 'Send mended dead letters again, under their own identity and accept time.',
  description:
    'A letter is judged by the time at which its batch was accepted, and adds nothing where its identity is stored: ' +
    'replaying twice counts once. Letters come from a file, mended, or straight from the database for what was ' +
    'rejected by a setting that has changed since. With keys, the key needs the scope admin.',
  arguments: [],
  options: {
    ...SERVER_OPTIONS,
    from: {
      type: 'string',
      placeholder: 'FILE',
      help: 'One letter per line, as `dead-letters show --json` prints it, its event mended; - for stdin.',
    },
    service: { type: 'string', placeholder: 'NAME', help: 'Without --from: those of one service.' },
    cause: {
      type: 'string',
      placeholder: 'WORD',
      help: `Without --from: those of one cause: ${DEAD_LETTER_CAUSES.join(', ')}.`,
    },
    reason: { type: 'string', placeholder: 'TEXT', help: 'Without --from: those whose reason holds this text.' },
    since: { type: 'string', placeholder: 'TIME', help: 'Without --from: accepted at or after.' },
    until: { type: 'string', placeholder: 'TIME', help: 'Without --from: accepted before.' },
    limit: { type: 'string', placeholder: 'N', help: 'Without --from: most letters.', fallback: '1000' },
  },
  examples: ['dead-letters replay --from mended.ndjson', 'dead-letters replay --service catalogue --since 6h --json'],
  run: replay,
};

/** Where a letter stands. */
interface Place {
  /** Line of the file, from 1; null for letters out of the database. */
  readonly line: number | null;
  /** Which letter of that line, or of the database's answer, from 1: one document can hold many. */
  readonly letter: number;
}

interface Found {
  readonly place: Place;
  readonly letter: DeadLetter;
}

/** A letter that was not taken: which, where it stands, where in it the fault is, and why. */
interface LetterRejection extends LetterIdentity, Place {
  readonly pointer: string;
  readonly reason: string;
}

async function replay(invocation: Invocation, host: Host): Promise<Answer> {
  const server = new Server(invocation, host);
  const found = await gather(invocation, host, server);
  const rejections = new Map<Found, { pointer: string; reason: string }>();
  const ready: { found: Found; mended: MendedLetter }[] = [];
  for (const one of found) {
    const mended = mendedLetter(one.letter);
    if (typeof mended === 'string') rejections.set(one, { pointer: '', reason: mended });
    else ready.push({ found: one, mended });
  }
  let accepted = 0;
  for (let at = 0; at < ready.length; at += LETTERS_A_REQUEST) {
    const part = ready.slice(at, at + LETTERS_A_REQUEST);
    const reply = await server.post(PATH, JSON.stringify({ letters: part.map(({ mended }) => mended) }));
    if (reply.status !== 202) throw refusal('The dead letters were not accepted', reply);
    const answer = JSON.parse(reply.body) as Accepted;
    accepted += answer.accepted;
    for (const { index, pointer, reason } of answer.rejected)
      rejections.set(part[index]!.found, { pointer: pointer.replace(/^\/letters\/\d+/, ''), reason });
  }
  const rejected = found.flatMap((one): LetterRejection[] => {
    const rejection = rejections.get(one);
    return rejection === undefined ? [] : [{ ...identityOf(one.letter), ...one.place, ...rejection }];
  });
  return {
    exitCode: rejected.length > 0 ? EXIT.rejected : EXIT.ok,
    json: { letters: found.length, accepted, rejected: rejected.length, rejections: rejected },
    text: [
      ...rejected.map(rejectionLine),
      `${accepted} of ${found.length} dead letters accepted; those that are stored already add nothing.`,
    ].join('\n'),
  };
}

/** The identity as `dead-letters show` takes it, where there is one, and the place in the file, where there is one. Pure. */
function rejectionLine({ line, letter, pointer, reason, ...identity }: LetterRejection): string {
  const { instance, sequence, index } = identity;
  const known = instance !== null && sequence !== null && index !== null;
  const place = line === null ? `letter ${letter}` : `line ${line}, letter ${letter}`;
  const who = known ? `${instance}/${sequence}/${index}${line === null ? '' : ` (${place})`}` : place;
  return `${who}${pointer === '' ? '' : ` at ${pointer}`}: ${reason}`;
}

async function gather(invocation: Invocation, host: Host, server: Server): Promise<Found[]> {
  const path = invocation.text('from');
  const filter = filterOf(invocation, host.clock.now());
  const filtered = Object.values(filter).some((value) => value !== undefined);
  if (path === undefined) {
    if (!filtered)
      throw new UsageError(
        'Neither a file nor a filter says which dead letters are meant.',
        'Give --from FILE, or a filter such as --service NAME or --since 6h.',
      );
    const limit = wholeNumber(invocation, 'limit', { min: 1, max: 10_000 })!;
    const letters = await findDeadLetters(server, filter, limit);
    if (letters.length === 0)
      throw new CliError(
        'NOT_FOUND',
        'No dead letter matches.',
        EXIT.failed,
        `\`${alperfCommand('dead-letters list --summary')}\` shows which there are.`,
      );
    return placed(letters, null);
  }
  if (filtered) throw new UsageError('--from and filters exclude each other.', 'Filter the file, or leave it out.');
  const all: Found[] = [];
  let line = 0;
  for await (const text of linesOf(path, resolve(host.cwd, path), host)) {
    line += 1;
    if (text.trim() === '') continue;
    const letters = lettersOfLine(text);
    if (letters === undefined)
      throw new UsageError(
        `Line ${line} of ${JSON.stringify(path)} is not a dead letter.`,
        `Write one per line, as \`${alperfCommand('dead-letters show IDENTITY --json')}\` prints it.`,
      );
    for (const one of placed(letters, line)) all.push(one);
  }
  if (all.length === 0)
    throw new EmptyInputError(
      path,
      'no dead letter',
      `Write one per line, as \`${alperfCommand('dead-letters show IDENTITY --json')}\` prints it.`,
    );
  return all;
}

function placed(letters: readonly DeadLetter[], line: number | null): Found[] {
  return letters.map((letter, at) => ({ place: { line, letter: at + 1 }, letter }));
}
