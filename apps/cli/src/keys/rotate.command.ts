import { alperfCommand } from '#libs/operations';
import { createSecret } from '#libs/operations/http';
import type { Answer, Command, Host, Invocation } from '../command/command.js';
import { UsageError } from '../command/errors.js';
import { EXIT } from '../command/exit-codes.js';
import { duration } from '../command/values.js';
import { mustHaveKeysPath, rotateKey } from './keys-file.js';

export const keysRotateCommand: Command = {
  name: 'keys rotate',
  summary: 'Give an API key a new secret; the old one stays valid for a while.',
  description:
    'Scopes and services stay. The new text is shown once; give it to whoever uses the key before the old one ends. ' +
    'A server reads a changed keys file by itself within seconds.',
  arguments: [],
  options: {
    id: { type: 'string', placeholder: 'NAME', help: 'Name of the key.' },
    keep: {
      type: 'string',
      placeholder: 'TIME',
      help: 'How long the old secret stays valid: 30m, 24h, 7d. 0s ends it at once, for one that leaked.',
      fallback: '24h',
    },
    file: { type: 'string', placeholder: 'FILE', help: 'The keys file. Default: ALPERF_KEYS_FILE.' },
  },
  examples: ['keys rotate --id catalogue --file keys.yaml', 'keys rotate --id catalogue --keep 0s --file keys.yaml'],
  run: rotate,
};

async function rotate(invocation: Invocation, host: Host): Promise<Answer> {
  const id = invocation.text('id');
  if (id === undefined)
    throw new UsageError(
      'The name of the key is missing.',
      `\`${alperfCommand('keys list')}\` shows those that there are.`,
    );
  const keepMs = duration(invocation, 'keep')!;
  const path = mustHaveKeysPath(invocation, host);
  const { text: key, secret } = createSecret(id);
  const oldUntil = await rotateKey(path, id, secret, { keepMs, now: host.clock.now() });
  return {
    exitCode: EXIT.ok,
    json: { key, id, file: path, oldUntil: oldUntil ?? null },
    text: [
      `Key, shown once: ${key}`,
      `Changed in ${path}; the old secret ${oldUntil === undefined ? 'is not valid any more' : `is valid until ${oldUntil}`}.`,
    ].join('\n'),
  };
}
