import { parseSelector, selectorName } from '#libs/contracts';
import type { ArgumentSpec, Invocation, OptionSpecs } from '../../command/command.js';
import { UsageError } from '../../command/errors.js';
import { durationMs } from '../../command/values.js';
import { SERVER_OPTIONS } from '../../http/server.js';

export const NAME_ARGUMENT: ArgumentSpec = {
  name: 'NAME',
  help: 'The cache: pages, or with its service reader/pages, which needs no database.',
};

/** Options of everything that is done with a cache from afar. */
export const ACT_OPTIONS = {
  service: { type: 'string', placeholder: 'NAME', help: 'Its service, where several have a cache of this name.' },
  selector: {
    type: 'string',
    placeholder: 'SELECTOR',
    help: 'Which instances: all, share:0.05 (one in twenty) or instance:UUID.',
    fallback: 'all',
  },
  'dry-run': { type: 'boolean', help: 'Only say what would happen in each instance.' },
  yes: { type: 'boolean', help: 'Do not ask, also where entries would be lost.' },
  wait: {
    type: 'string',
    placeholder: 'TIME',
    help: 'Longest wait for the instances to acknowledge: 10s, 2m.',
    fallback: '10s',
  },
  ...SERVER_OPTIONS,
} as const satisfies OptionSpecs;

export const ACT_DESCRIPTION =
  'Through the control channel. A key needs the scopes read and control. Exit code 1 when an instance refuses, or does not acknowledge in time.';

/** @throws UsageError */
export function askedSelector(invocation: Invocation): string {
  const text = invocation.text('selector')!;
  const selector = parseSelector(text);
  if (selector === undefined)
    throw new UsageError(
      `--selector is ${JSON.stringify(text)}, no selector.`,
      'Write all, share:0.05 (between 0 and 1) or instance:UUID.',
    );
  return selectorName(selector);
}

/** `500ms`, `90s`, `5m` … in ms. @throws UsageError */
export function lengthOfTime(what: string, text: string): number {
  const ms = /^(\d{1,12})ms$/.exec(text)?.[1];
  const length = ms === undefined ? durationMs(text) : Number(ms);
  if (length === undefined)
    throw new UsageError(
      `${what} is ${JSON.stringify(text)}, not a length of time.`,
      'Write 500ms, 90s, 15m, 6h or 2d, for example.',
    );
  return length;
}
