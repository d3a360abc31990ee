import { PipelineError } from '#libs/contracts';
import type { Command, Host } from './command.js';
import { CliError, InterruptedError } from './errors.js';
import { EXIT, EXIT_CODE_HELP, type ExitCode } from './exit-codes.js';
import { commandHelp, overview } from './help.js';
import { parseCommandLine, type CommandLine } from './parse.js';
import { say } from './terminal.js';

export interface Runner {
  readonly commands: readonly Command[];
  readonly version: string;
  readonly host: Host;
  /** Takes the answer. Called at most once. */
  readonly stdout: (text: string) => void;
}

/** Runs one command line from arguments to exit code. Never rejects. */
export async function run(argv: readonly string[], { commands, version, host, stdout }: Runner): Promise<ExitCode> {
  // Also when the command line cannot be read, a script that asked for JSON gets JSON.
  const json = argv.includes('--json');
  try {
    const line = parseCommandLine(argv, commands);
    if (line.kind === 'run') {
      const answer = await line.command.run(line.invocation, host);
      stdout(`${json ? JSON.stringify(answer.json) : answer.text}\n`);
      return answer.exitCode;
    }
    stdout(`${json ? JSON.stringify(describe(line, commands, version)) : render(line, commands, version)}\n`);
    return line.kind === 'help' && line.asked === false ? EXIT.usage : EXIT.ok;
  } catch (error) {
    const failure = host.signal.aborted ? new InterruptedError() : error;
    const { code, message, remedy, exitCode } = problemOf(failure);
    if (json) stdout(`${JSON.stringify({ error: { code, message, remedy }, exitCode })}\n`);
    say(host.terminal, `${message}${remedy === '' ? '' : `\n${remedy}`}`);
    return exitCode;
  }
}

function problemOf(error: unknown): { code: string; message: string; remedy: string; exitCode: ExitCode } {
  if (error instanceof CliError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return { code: error instanceof PipelineError ? error.code : 'FAILED', message, remedy: '', exitCode: EXIT.failed };
}

type Shown = Exclude<CommandLine, { kind: 'run' }>;

function render(line: Shown, commands: readonly Command[], version: string): string {
  if (line.kind === 'version') return version;
  return line.command === undefined ? overview(commands, line.group) : commandHelp(line.command);
}

function describe(line: Shown, commands: readonly Command[], version: string): unknown {
  if (line.kind === 'version') return { version };
  const shown = commands.filter((one) =>
    line.command === undefined
      ? line.group === undefined || one.name.startsWith(`${line.group} `)
      : one === line.command,
  );
  return {
    commands: shown.map(({ name, summary, arguments: args, options, examples }) => ({
      name,
      summary,
      arguments: args,
      options,
      examples,
    })),
    exitCodes: Object.fromEntries(EXIT_CODE_HELP),
  };
}
