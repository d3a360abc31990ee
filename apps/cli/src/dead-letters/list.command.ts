import { DEAD_LETTER_CAUSES } from '#libs/contracts';
import type { Answer, Command, Host, Invocation } from '../command/command.js';
import { EXIT } from '../command/exit-codes.js';
import { wholeNumber } from '../command/values.js';
import { Server, SERVER_OPTIONS } from '../http/server.js';
import { filterOf } from './filter-options.js';
import { mendedLetter } from './mended-letters.js';
import { countByCause, findDeadLetters, withEventRead, type CauseCount, type DeadLetter } from './query.js';

export const deadLettersListCommand: Command = {
  name: 'dead-letters list',
  summary: 'List events that were not accepted, the newest first.',
  arguments: [],
  options: {
    ...SERVER_OPTIONS,
    service: { type: 'string', placeholder: 'NAME', help: 'Only those of one service.' },
    cause: { type: 'string', placeholder: 'WORD', help: `Only those of one cause: ${DEAD_LETTER_CAUSES.join(', ')}.` },
    reason: { type: 'string', placeholder: 'TEXT', help: 'Only those whose reason holds this text.' },
    since: { type: 'string', placeholder: 'TIME', help: 'Accepted at or after: 6h (ago) or 2026-11-24T10:00:00Z.' },
    until: { type: 'string', placeholder: 'TIME', help: 'Accepted before.' },
    limit: { type: 'string', placeholder: 'N', help: 'Most rows.', fallback: '50' },
    summary: { type: 'boolean', help: 'Count by service and cause instead, with the most frequent reasons.' },
  },
  examples: [
    'dead-letters list --since 1h',
    'dead-letters list --service catalogue --cause too_late --json',
    'dead-letters list --summary',
  ],
  run: list,
};

async function list(invocation: Invocation, host: Host): Promise<Answer> {
  const limit = wholeNumber(invocation, 'limit', { min: 1, max: 10_000 })!;
  const filter = filterOf(invocation, host.clock.now());
  const server = new Server(invocation, host);
  if (invocation.flag('summary')) {
    const causes = await countByCause(server, filter, limit);
    return { exitCode: EXIT.ok, json: { causes }, text: causes.flatMap(causeLines).join('\n') || 'No dead letters.' };
  }
  const deadLetters = await findDeadLetters(server, filter, limit);
  return {
    exitCode: EXIT.ok,
    json: { deadLetters: deadLetters.map(withEventRead) },
    text: deadLetters.map(oneLine).join('\n') || 'No dead letters.',
  };
}

/** The cause, and below it its reasons; those that are left out are counted. Pure. */
function causeLines({ service, cause, letters, reasons }: CauseCount): string[] {
  const others = letters - reasons.reduce((sum, one) => sum + one.letters, 0);
  const shown = others === 0 ? reasons : [...reasons, { reason: 'other reasons', letters: others }];
  return [
    `${String(letters).padStart(8)}  ${service}  ${cause}`,
    ...shown.map((one) => `${String(one.letters).padStart(18)}  ${one.reason}`),
  ];
}

/** The identity first: `dead-letters show` takes it as it stands. Last, why it is of no use to replay it. Pure. */
export function oneLine(letter: DeadLetter): string {
  const { instance, sequence, idx, accepted_at, service, cause, reason, pointer } = letter;
  const mended = mendedLetter(letter);
  const useless = typeof mended === 'string' ? `(cannot be replayed: ${mended})` : '';
  return [`${instance}/${sequence}/${idx}`, accepted_at, service, cause, pointer, reason, useless]
    .map((value) => String(value ?? ''))
    .filter((text) => text !== '')
    .join('  ');
}
