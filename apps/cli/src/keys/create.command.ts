import { createKey, SCOPES, type Scope } from '#libs/operations/http';
import type { Answer, Command, Host, Invocation } from '../command/command.js';
import { UsageError } from '../command/errors.js';
import { EXIT } from '../command/exit-codes.js';
import { addKey, entryText, keysPath } from './keys-file.js';

export const keysCreateCommand: Command = {
  name: 'keys create',
  summary: 'Make an API key; its text is shown once, only its hash is kept.',
  description: 'A server reads a changed keys file by itself within seconds.',
  arguments: [],
  options: {
    id: { type: 'string', placeholder: 'NAME', help: 'Name of the key: lower-case letters, digits and -.' },
    scopes: {
      type: 'string',
      placeholder: 'LIST',
      help: `Some of ${SCOPES.join(', ')}; admin includes the others.`,
      fallback: 'write',
    },
    services: { type: 'string', placeholder: 'LIST', help: 'Services that it may write for. Default: all.' },
    file: {
      type: 'string',
      placeholder: 'FILE',
      help: 'Keys file to add it to. Default: ALPERF_KEYS_FILE; without it, the entry is printed.',
    },
  },
  examples: [
    'keys create --id catalogue --services catalogue --file keys.yaml',
    'keys create --id grafana --scopes read',
  ],
  run: create,
};

async function create(invocation: Invocation, host: Host): Promise<Answer> {
  const id = invocation.text('id');
  if (id === undefined) throw new UsageError('The name of the key is missing.', 'Write --id catalogue, for example.');
  const scopes = listOf(invocation.text('scopes')!);
  const unknown = scopes.find((scope) => !SCOPES.includes(scope as Scope));
  if (unknown !== undefined)
    throw new UsageError(`There is no scope ${JSON.stringify(unknown)}.`, `There are: ${SCOPES.join(', ')}.`);
  const services = invocation.text('services');
  const { text: key, entry } = createKey({
    id,
    scopes: scopes as Scope[],
    ...(services !== undefined && { services: listOf(services) }),
  });
  const path = keysPath(invocation, host);
  if (path !== undefined) await addKey(path, entry);
  return {
    exitCode: EXIT.ok,
    json: {
      key,
      id,
      scopes,
      services: entry.services ?? null,
      file: path ?? null,
      entry: path === undefined ? entry : null,
    },
    text: [
      `Key, shown once: ${key}`,
      path === undefined ? `For the keys file:\n\n${entryText(entry)}` : `Added to ${path}.`,
    ].join('\n'),
  };
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}
