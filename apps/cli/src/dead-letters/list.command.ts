import type { Answer, Command, Host, Invocation } from '../command/command.js';
import { EXIT } from '../command/exit-codes.js';
import { wholeNumber } from '../command/values.js';
import { Server, SERVER_OPTIONS } from '../http/server.js';
import { moment } from './moment.js';
import { countByCause, findDeadLetters, type DeadLetter, type Filter } from './query.js';

export const deadLettersListCommand: Command = {
  name: 'dead-letters list',
  summary: 'List events that were not accepted, the newest first.',
  arguments: [],
  options: {
    ...SERVER_OPTIONS,
    service: { type: 'string', placeholder: 'NAME', help: 'Only those of one service.' },
    cause: { type: 'string', placeholder: 'WORD', help: 'Only those of one cause, as --summary shows them.' },
    reason: { type: 'string', placeholder: 'TEXT', help: 'Only those whose reason holds this text.' },
    since: { type: 'string', placeholder: 'TIME', help: 'Accepted at or after: 6h (ago) or 2026-11-24T10:00:00Z.' },
    until: { type: 'string', placeholder: 'TIME', help: 'Accepted before.' },
    limit: { type: 'string', placeholder: 'N', help: 'Most rows.', fallback: '50' },
    summary: { type: 'boolean', help: 'Count by service and cause instead.' },
  },
  examples: [
    'dead-letters list --since 1h',
    'dead-letters list --service catalogue --reason "too late" --json',
    'dead-letters list --summary',
  ],
  run: list,
};

async function list(invocation: Invocation, host: Host): Promise<Answer> {
  const now = host.clock.now();
  const limit = wholeNumber(invocation, 'limit', { min: 1, max: 10_000 })!;
  const filter: Filter = {
    service: invocation.text('service'),
    cause: invocation.text('cause'),
    reason: invocation.text('reason'),
    since: moment(invocation, 'since', now),
    until: moment(invocation, 'until', now),
  };
  const server = new Server(invocation, host);
  if (invocation.flag('summary')) {
    const causes = await countByCause(server, filter, limit);
    const rows = causes.map((one) => ({ ...one, letters: Number(one.letters) }));
    return {
      exitCode: EXIT.ok,
      json: { causes: rows },
      text:
        rows.map(({ letters, service, cause }) => `${String(letters).padStart(8)}  ${service}  ${cause}`).join('\n') ||
        'No dead letters.',
    };
  }
  const deadLetters = await findDeadLetters(server, filter, limit);
  return {
    exitCode: EXIT.ok,
    json: { deadLetters },
    text: deadLetters.map(oneLine).join('\n') || 'No dead letters.',
  };
}

/** The identity first: `dead-letters show` takes it as it stands. Pure. */
export function oneLine(letter: DeadLetter): string {
  const { instance, sequence, idx, accepted_at, service, cause, reason, pointer } = letter;
  return [`${instance}/${sequence}/${idx}`, accepted_at, service, cause, pointer, reason]
    .map((value) => String(value ?? ''))
    .filter((text) => text !== '')
    .join('  ');
}
