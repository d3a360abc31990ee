import type { Command } from '../../command/command.js';
import { act } from './act.js';
import { ACT_DESCRIPTION, ACT_OPTIONS, NAME_ARGUMENT } from './act-options.js';
import { CommandAction } from './command-action.js';

export const clearCommand: Command = {
  name: 'cache NAME clear',
  summary: 'Empty a cache in every instance, after a dry run and a question.',
  description: `An entry counts once in each tier that holds it. ${ACT_DESCRIPTION}`,
  arguments: [NAME_ARGUMENT],
  options: {
    tier: { type: 'string', placeholder: 'TIER', help: 'Only this tier: memory, disk, redis. Default: all.' },
    ...ACT_OPTIONS,
  },
  examples: ['cache reader/pages clear --dry-run', 'cache pages clear --tier memory --yes'],
  run: (invocation, host) => {
    const tier = invocation.text('tier');
    return act(invocation, host, new CommandAction({ do: 'clear', ...(tier !== undefined && { tier }) }));
  },
};
