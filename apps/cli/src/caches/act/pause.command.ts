import type { Command } from '../../command/command.js';
import { act } from './act.js';
import { ACT_DESCRIPTION, ACT_OPTIONS, NAME_ARGUMENT } from './act-options.js';
import { SettingsAction, withField } from './settings-action.js';

export const pauseCommand: Command = {
  name: 'cache NAME pause',
  summary: 'Have a cache stand aside: every read goes to the origin; after a dry run and a question.',
  description: ACT_DESCRIPTION,
  arguments: [NAME_ARGUMENT],
  options: ACT_OPTIONS,
  examples: ['cache pages pause --dry-run', 'cache reader/pages pause --yes'],
  run: (invocation, host) =>
    act(
      invocation,
      host,
      new SettingsAction({
        name: 'pause',
        consent: 'always',
        undo: () => 'resume',
        change: (settings) => withField(settings, 'paused', true),
      }),
    ),
};
