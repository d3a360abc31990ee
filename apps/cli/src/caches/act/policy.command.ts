import { EVICTION_SETTINGS } from '#libs/contracts';
import type { Command, Invocation } from '../../command/command.js';
import { UsageError } from '../../command/errors.js';
import { meant, nearest } from '../../command/suggest.js';
import { act } from './act.js';
import { ACT_DESCRIPTION, ACT_OPTIONS, NAME_ARGUMENT } from './act-options.js';
import { SettingsAction, withField, type SettingsChange } from './settings-action.js';

export const policyCommand: Command = {
  name: 'cache NAME policy',
  summary: 'Set the eviction policy of the memory tier; no entry is lost by it.',
  description: ACT_DESCRIPTION,
  arguments: [
    NAME_ARGUMENT,
    { name: 'POLICY', help: `${EVICTION_SETTINGS.join(', ')}. Left out with --reset.`, optional: true },
  ],
  options: { reset: { type: 'boolean', help: 'Give the policy back to the host.' }, ...ACT_OPTIONS },
  examples: ['cache pages policy s3-fifo', 'cache reader/pages policy --reset'],
  run: async (invocation, host) => act(invocation, host, new SettingsAction(policyChange(invocation))),
};

/** @throws UsageError */
function policyChange(invocation: Invocation): SettingsChange {
  const text = invocation.argument('POLICY');
  const policy = EVICTION_SETTINGS.find((one) => one === text);
  if (invocation.flag('reset') ? text !== undefined : policy === undefined)
    throw new UsageError(
      text === undefined ? 'The policy is missing.' : `${JSON.stringify(text)} is not taken as a policy here.`,
      `${text === undefined ? '' : meant(nearest(text, EVICTION_SETTINGS))}Write one of ${EVICTION_SETTINGS.join(', ')}, or --reset alone.`,
    );
  return {
    name: 'policy',
    consent: 'when-entries-leave',
    undo: ({ policy: before }) => `policy ${before ?? '--reset'}`,
    change: (settings) => withField(settings, 'policy', policy),
  };
}
