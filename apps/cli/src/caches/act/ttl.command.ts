import type { Command, Invocation } from '../../command/command.js';
import { UsageError } from '../../command/errors.js';
import { act } from './act.js';
import { ACT_DESCRIPTION, ACT_OPTIONS, lengthOfTime, NAME_ARGUMENT } from './act-options.js';
import { SettingsAction, withField, type SettingsChange } from './settings-action.js';

export const ttlCommand: Command = {
  name: 'cache NAME ttl',
  summary: 'Set how long entries are fresh that are written from now on.',
  description: ACT_DESCRIPTION,
  arguments: [NAME_ARGUMENT, { name: 'TIME', help: '500ms, 90s, 15m, 6h, 2d. Left out with --reset.', optional: true }],
  options: { reset: { type: 'boolean', help: 'Give the ttl back to the host.' }, ...ACT_OPTIONS },
  examples: ['cache pages ttl 15m', 'cache reader/pages ttl --reset'],
  run: async (invocation, host) => act(invocation, host, new SettingsAction(ttlChange(invocation))),
};

/** @throws UsageError */
function ttlChange(invocation: Invocation): SettingsChange {
  const text = invocation.argument('TIME');
  if (invocation.flag('reset') === (text !== undefined))
    throw new UsageError(
      text === undefined ? 'The ttl is missing.' : '--reset and a ttl do not go together.',
      'Write a length of time, such as 15m, or --reset alone.',
    );
  const ttlMs = text === undefined ? undefined : lengthOfTime('The ttl', text);
  return {
    name: 'ttl',
    consent: 'when-entries-leave',
    undo: (before) => `ttl ${before.ttlMs === undefined ? '--reset' : `${before.ttlMs}ms`}`,
    change: (settings) => withField(settings, 'ttlMs', ttlMs),
  };
}
