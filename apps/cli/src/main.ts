import { readFileSync } from 'node:fs';
import { SystemClock } from '#libs/time';
import { COMMANDS } from './commands.js';
import type { Host } from './command/command.js';
import { run } from './command/run.js';

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  // The second one ends the process at once: `once` gives it back its default.
  process.once(signal, () => {
    stop.abort(new Error(`received ${signal}`));
    // A question that nobody answered any more would keep the process.
    if (process.stdin.isTTY) process.stdin.destroy();
  });

// A reader that stops reading (`| head`) is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const host: Host = {
  clock: new SystemClock(),
  env: process.env,
  // npm runs scripts in the project's folder; INIT_CWD is where the user stands. The script's name tells, and not
  // npm_command, which is run-script or run by the version of npm.
  cwd: process.env['npm_lifecycle_event'] === 'alperf' ? (process.env['INIT_CWD'] ?? process.cwd()) : process.cwd(),
  terminal: {
    interactive: process.stderr.isTTY === true && process.env['CI'] === undefined,
    get columns() {
      return process.stderr.columns ?? 80;
    },
    get rows() {
      return process.stderr.rows ?? 24;
    },
    write: (text) => void process.stderr.write(text),
    onResize: (resized) => {
      process.stderr.on('resize', resized);
      return () => void process.stderr.off('resize', resized);
    },
  },
  get stdoutColumns() {
    return process.stdout.isTTY === true ? process.stdout.columns : undefined;
  },
  stdin: process.stdin,
  stdinIsTerminal: process.stdin.isTTY === true,
  random: Math.random,
  signal: stop.signal,
  nodeVersion: process.versions.node,
};

process.exitCode = await run(process.argv.slice(2), {
  commands: COMMANDS,
  version: versionOf(),
  host,
  stdout: (text) => void process.stdout.write(text),
});

function versionOf(): string {
  // dist/apps/cli/src/main.js and apps/cli/src/main.ts lie at different depths below package.json.
  for (const up of ['../../../', '../../../../']) {
    try {
      return (JSON.parse(readFileSync(new URL(`${up}package.json`, import.meta.url), 'utf8')) as { version: string })
        .version;
    } catch {
      // one folder further up
    }
  }
  return 'unknown';
}
