import { resolve } from 'node:path';
import type { Accepted } from '#libs/contracts';
import type { Answer, Command, Host, Invocation } from '../command/command.js';
import { UsageError } from '../command/errors.js';
import { EXIT } from '../command/exit-codes.js';
import { wholeNumber } from '../command/values.js';
import { refusal } from '../http/request.js';
import { Server, SERVER_OPTIONS } from '../http/server.js';
import { linesOf } from '../input/lines.js';
import { lettersOfLine, mendedLetter, type MendedLetter } from './mended-letters.js';
import { moment } from './moment.js';
import { findDeadLetters, type DeadLetter, type Filter } from './query.js';

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
    cause: { type: 'string', placeholder: 'WORD', help: 'Without --from: those of one cause.' },
    reason: { type: 'string', placeholder: 'TEXT', help: 'Without --from: those whose reason holds this text.' },
    since: { type: 'string', placeholder: 'TIME', help: 'Without --from: accepted at or after.' },
    until: { type: 'string', placeholder: 'TIME', help: 'Without --from: accepted before.' },
    limit: { type: 'string', placeholder: 'N', help: 'Without --from: most letters.', fallback: '1000' },
  },
  examples: ['dead-letters replay --from mended.ndjson', 'dead-letters replay --service catalogue --since 6h --json'],
  run: replay,
};

interface Found {
  /** Line of the file, or place in the answer of the database, from 1. */
  readonly place: number;
  readonly letter: DeadLetter;
}

async function replay(invocation: Invocation, host: Host): Promise<Answer> {
  const server = new Server(invocation, host);
  const found = await gather(invocation, host, server);
  const rejections: { place: number; pointer: string; reason: string }[] = [];
  const ready: { place: number; letter: MendedLetter }[] = [];
  for (const { place, letter } of found) {
    const mended = mendedLetter(letter);
    if (typeof mended === 'string') rejections.push({ place, pointer: '', reason: mended });
    else ready.push({ place, letter: mended });
  }
  let accepted = 0;
  for (let at = 0; at < ready.length; at += LETTERS_A_REQUEST) {
    const part = ready.slice(at, at + LETTERS_A_REQUEST);
    const reply = await server.post(PATH, JSON.stringify({ letters: part.map(({ letter }) => letter) }));
    if (reply.status !== 202) throw refusal('The dead letters were not accepted', reply);
    const answer = JSON.parse(reply.body) as Accepted;
    accepted += answer.accepted;
    for (const { index, pointer, reason } of answer.rejected)
      rejections.push({ place: part[index]!.place, pointer: pointer.replace(/^\/letters\/\d+/, ''), reason });
  }
  rejections.sort((a, b) => a.place - b.place);
  return {
    exitCode: rejections.length > 0 ? EXIT.rejected : EXIT.ok,
    json: { letters: found.length, accepted, rejected: rejections.length, rejections },
    text: [
      ...rejections.map(
        ({ place, pointer, reason }) => `letter ${place}${pointer === '' ? '' : ` at ${pointer}`}: ${reason}`,
      ),
      `${accepted} of ${found.length} dead letters accepted; those that are stored already add nothing.`,
    ].join('\n'),
  };
}

async function gather(invocation: Invocation, host: Host, server: Server): Promise<Found[]> {
  const path = invocation.text('from');
  const filter: Filter = {
    service: invocation.text('service'),
    cause: invocation.text('cause'),
    reason: invocation.text('reason'),
    since: moment(invocation, 'since', host.clock.now()),
    until: moment(invocation, 'until', host.clock.now()),
  };
  const filtered = Object.values(filter).some((value) => value !== undefined);
  if (path === undefined) {
    if (!filtered)
      throw new UsageError(
        'Neither a file nor a filter says which dead letters are meant.',
        'Give --from FILE, or a filter such as --service NAME or --since 6h.',
      );
    const limit = wholeNumber(invocation, 'limit', { min: 1, max: 10_000 })!;
    return (await findDeadLetters(server, filter, limit)).map((letter, at) => ({ place: at + 1, letter }));
  }
  if (filtered) throw new UsageError('--from and filters exclude each other.', 'Filter the file, or leave it out.');
  const found: Found[] = [];
  let line = 0;
  for await (const text of linesOf(path, resolve(host.cwd, path), host)) {
    line += 1;
    if (text.trim() === '') continue;
    const letters = lettersOfLine(text);
    if (letters === undefined)
      throw new UsageError(
        `Line ${line} of ${JSON.stringify(path)} is not a dead letter.`,
        'Write one per line, as `alperf dead-letters show --json` prints it.',
      );
    for (const letter of letters) found.push({ place: line, letter });
  }
  return found;
}
