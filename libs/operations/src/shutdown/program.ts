import { accessSync, constants } from 'node:fs';
import { PipelineError } from '#libs/contracts';
import type { Clock } from '#libs/time';
import type { Logger } from '../logger/logger.js';
import { SettingsError } from '../settings/settings.js';
import type { Shutdown } from './shutdown.js';

/** What supervisors and scripts can rely on. */
export const EXIT = { clean: 0, failed: 1, settings: 2, unclean: 3 } as const;

/** The part of Node's process that its end depends on. */
export interface EndingProcess {
  exit(code: number): void;
  /** Becomes another program; not everywhere. */
  execve?(file: string, args: readonly string[], env: NodeJS.ProcessEnv): void;
  readonly execPath: string;
}

/** The part of Node's process that a program's life depends on. */
export interface ProcessPort extends EndingProcess {
  readonly stderr: { write(text: string): unknown };
  on(event: string, listener: (...details: never[]) => void): unknown;
  readonly pid: number;
  kill(pid: number, signal: string): unknown;
}

/**
 * A signal that follows the first within this time is the same one come again, ms: a terminal signals its whole process
 * group, and npm, being in it, forwards what it gets to the program that has it already. Nobody presses a key twice on
 * purpose that fast.
 */
const SAME_SIGNAL_MS = 1_000;

export interface Program {
  readonly clock: Clock;
  readonly log: Logger;
  readonly shutdown: Shutdown;
}

/**
 * Runs a program until a signal or a fatal error ends it. `start` builds everything and returns when it runs.
 *
 * SIGTERM and SIGINT shut down once, with exit code 0, or 3 when something had to be given up; a second signal ends at
 * once, as killed, unless it comes within a second of the first: so long the process stays, at least. An error that nobody caught shuts down as well, with
 * exit code 1. A failed start says on standard error what is wrong and what to do, without a stack when the cause is
 * known: exit code 2 for settings, 1 otherwise.
 */
export async function runProgram(process: ProcessPort, start: () => Promise<Program>): Promise<void> {
  let program: Program;
  try {
    program = await start();
  } catch (error) {
    process.stderr.write(`${explainStartError(error)}\n`);
    process.exit(error instanceof SettingsError ? EXIT.settings : EXIT.failed);
    return;
  }
  const { clock, log, shutdown } = program;
  let ending = false;
  let signalledAt: number | undefined;
  const end = (code: number) => {
    ending = true;
    void shutdown.run().then(async ({ clean, failed }) => {
      const { finished } = shutdown;
      if (clean) log.info('Shut down: all that was taken is finished.', { finished });
      else log.warn('Shut down, but not all that was taken is finished.', { failed, finished });
      // As long as the same signal may come again there has to be somebody who takes it for that.
      if (signalledAt !== undefined) await clock.sleep(Math.max(0, signalledAt + SAME_SIGNAL_MS - clock.monotonic()));
      leave(process, clean ? code : code === EXIT.clean ? EXIT.unclean : code);
    });
  };
  for (const signal of ['SIGTERM', 'SIGINT'])
    process.on(signal, () => {
      if (signalledAt !== undefined && clock.monotonic() - signalledAt < SAME_SIGNAL_MS) return;
      if (ending) {
        log.warn('Second signal: ending at once.', { signal });
        // An exit would first wait, for minutes, for the threads of an engine that is still open. Being killed is safe.
        process.kill(process.pid, 'SIGKILL');
        return;
      }
      signalledAt = clock.monotonic();
      log.info('Shutting down.', { signal });
      end(EXIT.clean);
    });
  for (const event of ['uncaughtException', 'unhandledRejection'])
    process.on(event, (error: unknown) => {
      log.error('An error that nobody handled: shutting down. Please report it with this line.', { event, error });
      if (!ending) end(EXIT.failed);
    });
}

/**
 * Ends with a code, all being closed and on disk. An ordinary exit would run what native libraries do at the end, and a
 * background thread of the embedded engine crashes there now and then, after which nothing ends any more (seen with chDB
 * 3.4.0: 1 stop of 2 to 20). So the process becomes one that does nothing but end: a shell, which takes
 * milliseconds, or where there is none a Node, which takes some 200 (and a signal can kill either, meanwhile).
 */
export function leave(process: EndingProcess, code: number, shell: string | null = findShell()): void {
  if (process.execve === undefined) process.exit(code);
  else if (shell !== null) process.execve(shell, [shell, '-c', `exit ${code}`], {});
  else process.execve(process.execPath, [process.execPath, '-e', `process.exitCode = ${code}`], {});
}

/** Looked for first: a process that fails to become another one is aborted. */
function findShell(path = '/bin/sh'): string | null {
  try {
    accessSync(path, constants.X_OK);
    return path;
  } catch {
    return null;
  }
}

/** What is wrong and what to do, in words. Causes that are not known keep their stack. */
export function explainStartError(error: unknown): string {
  if (error instanceof PipelineError) return `alperf cannot start. ${error.message}`;
  const { code, port, address, path } = (error ?? {}) as {
    code?: string;
    port?: number;
    address?: string;
    path?: string;
  };
  if (code === 'EADDRINUSE')
    return `alperf cannot start. Port ${port} on ${address} is in use by another program: stop that one, or choose another port (ALPERF_HTTP_PORT, ALPERF_SQL_PORT).`;
  if (code === 'EADDRNOTAVAIL')
    return `alperf cannot start. ${address} is not an address of this machine: set ALPERF_BIND to one that is (127.0.0.1 for this machine alone).`;
  if (code === 'EACCES' && port !== undefined)
    return `alperf cannot start. Port ${port} needs more rights than this user has: choose one above 1023 (ALPERF_HTTP_PORT, ALPERF_SQL_PORT).`;
  if ((code === 'EACCES' || code === 'EPERM' || code === 'EROFS') && path !== undefined)
    return `alperf cannot start. ${path} cannot be written (${code}): give this user the right to, or choose another ALPERF_DATA_DIR.`;
  if (code === 'ENOSPC')
    return 'alperf cannot start. The disk is full: free some space, or choose an ALPERF_DATA_DIR on another disk.';
  return `alperf cannot start. ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}
