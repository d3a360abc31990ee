import type { ControlSettings } from '#libs/contracts';
import type { Command, Invocation } from '../../command/command.js';
import { UsageError } from '../../command/errors.js';
import { bytesOption } from '../../command/sizes.js';
import { wholeNumber } from '../../command/values.js';
import { act } from './act.js';
import { ACT_DESCRIPTION, ACT_OPTIONS, NAME_ARGUMENT } from './act-options.js';
import { SettingsAction, type SettingsChange } from './settings-action.js';

export const resizeCommand: Command = {
  name: 'cache NAME resize',
  summary: 'Set the limits of a tier; asks when entries would have to leave.',
  description: `What a limit says nothing of stays as it is. ${ACT_DESCRIPTION}`,
  arguments: [NAME_ARGUMENT],
  options: {
    tier: { type: 'string', placeholder: 'TIER', help: 'The tier: memory, disk, redis.', fallback: 'memory' },
    'max-bytes': { type: 'string', placeholder: 'BYTES', help: 'Most bytes: 67108864, 64MiB, 50MB.' },
    'max-entries': { type: 'string', placeholder: 'N', help: 'Most entries.' },
    reset: { type: 'boolean', help: 'Give the limits of the tier back to the host.' },
    ...ACT_OPTIONS,
  },
  examples: [
    'cache pages resize --max-bytes 64MiB --dry-run',
    'cache reader/pages resize --tier disk --max-bytes 2GiB --selector share:0.1',
    'cache pages resize --reset',
  ],
  run: async (invocation, host) => act(invocation, host, new SettingsAction(resizing(invocation))),
};

/** @throws UsageError */
function resizing(invocation: Invocation): SettingsChange {
  const tier = invocation.text('tier')!;
  if (!/^[a-z][a-z0-9-]{0,31}$/.test(tier))
    throw new UsageError(`--tier is ${JSON.stringify(tier)}, no name of a tier.`, 'Write memory, disk or redis.');
  const maxBytes = bytesOption(invocation, 'max-bytes', { min: 0 });
  const maxEntries = wholeNumber(invocation, 'max-entries', { min: 0, max: Number.MAX_SAFE_INTEGER });
  const limits = { ...(maxBytes !== undefined && { maxBytes }), ...(maxEntries !== undefined && { maxEntries }) };
  const reset = invocation.flag('reset');
  if (reset === Object.keys(limits).length > 0)
    throw new UsageError(
      reset ? '--reset and a limit do not go together.' : 'The new limit is missing.',
      'Write --max-bytes 64MiB, --max-entries 10_000, or --reset for what the host had set.',
    );
  return {
    name: 'resize',
    // What the host had set is not known here, and may be less.
    consent: reset ? 'always' : 'when-entries-leave',
    ...(!reset && { tier }),
    undo: (before) => `resize --tier ${tier}${limitsBefore(before, tier, Object.keys(limits))}`,
    change: (settings) => (reset ? withoutTier(settings, tier) : withTier(settings, tier, limits)),
  };
}

/** The options that set limits as they were; all are given back where one of them was the host's own. Pure. */
function limitsBefore({ tiers = {} }: ControlSettings, tier: string, names: readonly string[]): string {
  const { maxBytes, maxEntries } = tiers[tier] ?? {};
  const options = [
    ...(names.includes('maxBytes') ? [['--max-bytes', maxBytes] as const] : []),
    ...(names.includes('maxEntries') ? [['--max-entries', maxEntries] as const] : []),
  ];
  if (options.some(([, limit]) => limit === undefined)) return ' --reset';
  return options.map(([option, limit]) => ` ${option} ${limit}`).join('');
}

function withTier(settings: ControlSettings, tier: string, limits: object): ControlSettings {
  const { tiers = {} } = settings;
  return { ...settings, tiers: { ...tiers, [tier]: { ...tiers[tier], ...limits } } };
}

function withoutTier({ tiers = {}, ...others }: ControlSettings, tier: string): ControlSettings {
  const left = Object.entries(tiers).filter(([name]) => name !== tier);
  return left.length === 0 ? others : { ...others, tiers: Object.fromEntries(left) };
}
