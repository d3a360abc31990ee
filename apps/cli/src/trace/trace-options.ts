import { resolve } from 'node:path';
import { POLICY_NAMES, type EvictionSetting } from '#libs/cache-policies';
import type { Host, Invocation, OptionSpecs } from '../command/command.js';
import { oneOf } from '../command/values.js';
import { TraceFile } from './trace-file.js';
import { TIME_UNITS, TRACE_FORMATS, type TimeUnit } from './trace-parser.js';

/** What `--policy` may be; the first is what a cache does by itself. */
export const POLICIES: readonly EvictionSetting[] = ['adaptive', ...POLICY_NAMES];

/** Options of every command that runs a trace through a cache. */
export const TRACE_OPTIONS = {
  size: { type: 'string', placeholder: 'N', help: "Most entries; 10% is a share of the trace's unique keys." },
  'max-bytes': {
    type: 'string',
    placeholder: 'BYTES',
    help: 'Most bytes, by the sizes in the trace: 67108864, 64MiB, 50MB.',
  },
  format: { type: 'string', placeholder: 'FORMAT', help: `One of ${TRACE_FORMATS.join(', ')}.`, fallback: 'auto' },
} as const satisfies OptionSpecs;

/** The trace that the command line names. @throws UsageError; EmptyInputError */
export async function openTrace(invocation: Invocation, { cwd }: Pick<Host, 'cwd'>): Promise<TraceFile> {
  return TraceFile.open(resolve(cwd, invocation.argument('TRACE')!), {
    format: oneOf(invocation, 'format', TRACE_FORMATS)!,
    timeUnit: oneOf(invocation, 'time-unit', Object.keys(TIME_UNITS) as TimeUnit[]),
  });
}
