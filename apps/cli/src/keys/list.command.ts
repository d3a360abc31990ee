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
  return {
    exitCode: EXIT.ok,
    json: { file: path, keys },
    text: keys.map((key) => oneLine(key, host.clock.now())).join('\n') || 'No keys.',
  };
}

function oneLine({ id, scopes, services, secrets }: ShownKey, now: number): string {
  const which = secretWords(secrets, now);
  return [id, scopes.join(','), services === null ? 'all services' : services.join(','), ...which].join('  ');
}

/** Nothing of a key that has one secret without an end, which is the rule. */
function secretWords(secrets: ShownKey['secrets'], now: number): string[] {
  const words = secrets.map(({ until }) => {
    if (until === null) return 'one without end';
    return Date.parse(until) > now ? `one until ${until}` : `one that ended at ${until}`;
  });
  if (secrets.length === 1) return secrets[0]!.until === null ? [] : [`secrets: ${words[0]}`];
  return [`two secrets: ${words.join(', ')}`];
}
