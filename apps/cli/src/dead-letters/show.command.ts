import { alperfCommand } from '#libs/operations';
import type { Answer, Command, Host, Invocation } from '../command/command.js';
import { CliError, UsageError } from '../command/errors.js';
import { EXIT } from '../command/exit-codes.js';
import { Server, SERVER_OPTIONS } from '../http/server.js';
import { mendedLetter } from './mended-letters.js';
import { findDeadLetters, withEventRead, type DeadLetter, type Filter } from './query.js';

export const deadLettersShowCommand: Command = {
  name: 'dead-letters show',
  summary: 'Show one dead letter: its event (redacted), the reason, and where the fault is.',
  arguments: [{ name: 'IDENTITY', help: 'INSTANCE/SEQUENCE/INDEX, as `dead-letters list` prints it.' }],
  options: SERVER_OPTIONS,
  examples: ['dead-letters show 5f0c0f7e-6f1e-4f5e-9d5a-0a8f5a0c7b11/42/7'],
  run: show,
};

async function show(invocation: Invocation, host: Host): Promise<Answer> {
  const identity = invocation.argument('IDENTITY')!;
  const deadLetters = await findDeadLetters(new Server(invocation, host), identityFilter(identity), 100);
  if (deadLetters.length === 0)
    throw new CliError(
      'NOT_FOUND',
      `There is no dead letter ${identity}.`,
      EXIT.failed,
      `\`${alperfCommand('dead-letters list')}\` shows those that there are.`,
    );
  const text = deadLetters.map(linesOf).join('\n\n');
  return { exitCode: EXIT.ok, json: { deadLetters: deadLetters.map(withEventRead) }, text };
}

/** A line a field, and why it is of no use to replay it. Pure. */
export function linesOf(letter: DeadLetter): string {
  const mended = mendedLetter(letter);
  return [
    ...Object.entries(letter).map(
      ([name, value]) => `${name}: ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`,
    ),
    ...(typeof mended === 'string' ? [`cannot be replayed: ${mended}`] : []),
  ].join('\n');
}

/** @throws UsageError */
export function identityFilter(identity: string): Filter {
  const [, instance, sequence, index] =
    /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\/(\d{1,16})\/(\d{1,9})$/.exec(identity) ?? [];
  if (instance === undefined)
    throw new UsageError(
      `${JSON.stringify(identity)} is not an identity.`,
      `Write INSTANCE/SEQUENCE/INDEX, as \`${alperfCommand('dead-letters list')}\` prints it.`,
    );
  return { instance, sequence: Number(sequence), index: Number(index) };
}
