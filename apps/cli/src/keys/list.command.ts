import type { Answer, Command, Host, Invocation } from '../command/command.js';
import { EXIT } from '../command/exit-codes.js';
import { mustHaveKeysPath, readKeys, type ShownKey } from './keys-file.js';

export const keysListCommand: Command = {
  name: 'keys list',
  summary: 'List the API keys of a keys file: names, scopes and services, never secrets.',
  arguments: [],
  options: { file: { type: 'string', placeholder: 'FILE', help: 'The keys file. Default: ALPERF_KEYS_FILE.' } },
  examples: ['keys list --file keys.yaml', 'keys list --json'],
  run: list,
};

async function list(invocation: Invocation, host: Host): Promise<Answer> {
  const path = mustHaveKeysPath(invocation, host);
  const keys = await readKeys(path);
  return { exitCode: EXIT.ok, json: { file: path, keys }, text: keys.map(oneLine).join('\n') || 'No keys.' };
}

function oneLine({ id, scopes, services, secrets }: ShownKey): string {
  const ends = secrets.flatMap(({ until }) => (until === null ? [] : [`one secret until ${until}`]));
  return [id, scopes.join(','), services === null ? 'all services' : services.join(','), ...ends].join('  ');
}
