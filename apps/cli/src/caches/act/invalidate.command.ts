import { encodeKey, keyPrefix, type CacheKey } from '#libs/cache';
import { operationProblem, type ControlOperation, type EntryCondition } from '#libs/contracts';
import type { Command, Invocation } from '../../command/command.js';
import { UsageError } from '../../command/errors.js';
import { bytesOption } from '../../command/sizes.js';
import { act } from './act.js';
import { ACT_DESCRIPTION, ACT_OPTIONS, lengthOfTime, NAME_ARGUMENT } from './act-options.js';
import { CommandAction } from './command-action.js';

export const invalidateCommand: Command = {
  name: 'cache NAME invalidate',
  summary: 'Remove entries by key, tag, prefix or condition, after a dry run and a question.',
  description: `Several conditions must all hold. An entry counts once in each tier that holds it. ${ACT_DESCRIPTION}`,
  arguments: [NAME_ARGUMENT],
  options: {
    key: { type: 'string', placeholder: 'KEY', help: 'The entry of this key.' },
    tag: { type: 'string', placeholder: 'TAG', help: 'Entries with this tag.' },
    prefix: { type: 'string', placeholder: 'PREFIX', help: 'Entries whose key begins so.' },
    structured: {
      type: 'boolean',
      help: 'KEY and PREFIX are JSON: of a key that is no text, or of the first parts of one that is a list.',
    },
    'older-than': { type: 'string', placeholder: 'TIME', help: 'Entries written longer ago: 30m, 6h.' },
    'larger-than': { type: 'string', placeholder: 'BYTES', help: 'Entries that weigh more: 1MiB.' },
    negative: { type: 'boolean', help: 'Remembered absences.' },
    tier: { type: 'string', placeholder: 'TIER', help: 'Only this tier: memory, disk, redis. Default: all.' },
    ...ACT_OPTIONS,
  },
  examples: [
    'cache pages invalidate --tag moby-dick --dry-run',
    'cache reader/covers invalidate --prefix ["moby-dick"] --structured',
    'cache pages invalidate --older-than 6h --larger-than 1MiB --yes',
  ],
  run: async (invocation, host) => act(invocation, host, new CommandAction(invalidation(invocation))),
};

/** @throws UsageError */
function invalidation(invocation: Invocation): ControlOperation {
  const [key, tag, prefix, tier] = ['key', 'tag', 'prefix', 'tier'].map((name) => invocation.text(name));
  const where = condition(invocation);
  const operation: ControlOperation = {
    do: 'invalidate',
    ...(key !== undefined && { key: encoded('key', key, invocation) }),
    ...(tag !== undefined && { tag }),
    ...(prefix !== undefined && { prefix: encoded('prefix', prefix, invocation) }),
    ...(where !== undefined && { where }),
    ...(tier !== undefined && { tier }),
  };
  if (operationProblem(operation) !== undefined)
    throw new UsageError(
      'What is to be removed is not said in one way.',
      'Give one of --key, --tag, --prefix, or conditions: --older-than, --larger-than, --negative. All of it is `clear`.',
    );
  return operation;
}

function condition(invocation: Invocation): EntryCondition | undefined {
  const older = invocation.text('older-than');
  const largerThanBytes = bytesOption(invocation, 'larger-than', { min: 0 });
  const where: EntryCondition = {
    ...(older !== undefined && { olderThanMs: lengthOfTime('--older-than', older) }),
    ...(largerThanBytes !== undefined && { largerThanBytes }),
    ...(invocation.flag('negative') && { negative: true }),
  };
  return Object.keys(where).length === 0 ? undefined : where;
}

/** Keys travel as the cache encodes them. What is wrong with one is said without it. @throws UsageError */
function encoded(option: 'key' | 'prefix', text: string, invocation: Invocation): string {
  try {
    const key = (invocation.flag('structured') ? JSON.parse(text) : text) as CacheKey;
    return option === 'key' ? encodeKey(key) : keyPrefix(key as string | readonly CacheKey[]);
  } catch (error) {
    throw new UsageError(
      `--${option} is no ${option === 'key' ? 'key' : 'beginning of keys'}.`,
      error instanceof SyntaxError
        ? `With --structured write it as JSON: --${option} '["moby-dick",320]'.`
        : (error as Error).message,
    );
  }
}
