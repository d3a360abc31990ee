import type { Command } from '../../command/command.js';
import { act } from './act.js';
import { ACT_DESCRIPTION, ACT_OPTIONS, NAME_ARGUMENT } from './act-options.js';
import { SettingsAction, withField } from './settings-action.js';

export const resumeCommand: Command = {
  name: 'cache NAME resume',
  summary: 'End the pause of a cache that was paused from afar.',
  description: ACT_DESCRIPTION,
  arguments: [NAME_ARGUMENT],
  options: ACT_OPTIONS,
  examples: ['cache pages resume', 'cache reader/pages resume --selector share:0.1'],
  run: (invocation, host) =>
    act(
      invocation,
      host,
      new SettingsAction({
        name: 'resume',
        consent: 'when-entries-leave',
        undo: () => 'pause',
        change: (settings) => withField(settings, 'paused', undefined),
      }),
    ),
};
