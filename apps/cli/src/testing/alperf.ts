import { SystemClock } from '#libs/time';
import type { Host } from '../command/command.js';
import { run } from '../command/run.js';
import { COMMANDS } from '../commands.js';

/** What a command line ended with: exit code, stdout, and what was said on stderr. */
export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly said: string;
}

/** Runs a command line in this process as `main.ts` does, in a folder of the test's own and without its environment. */
export async function alperf(argv: readonly string[], host: Pick<Host, 'cwd'> & Partial<Host>): Promise<Ended> {
  let out = '';
  let said = '';
  const code = await run(argv, {
    commands: COMMANDS,
    version: '0',
    stdout: (text) => {
      out += text;
    },
    host: {
      clock: new SystemClock(),
      env: {},
      terminal: {
        interactive: false,
        columns: 80,
        rows: 24,
        write: (text) => {
          said += text;
        },
      },
      stdin: process.stdin,
      random: Math.random,
      signal: new AbortController().signal,
      nodeVersion: process.versions.node,
      ...host,
    },
  });
  return { code, out, said };
}
