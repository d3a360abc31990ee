import type { Clock } from '#libs/time';
import type { ExitCode } from './exit-codes.js';
import type { Terminal } from './terminal.js';

export interface OptionSpec {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  /** What a value looks like in the help: `URL`, `N`. */
  readonly placeholder?: string;
  readonly help: string;
  /** Shown in the help and used when the option is not given. */
  readonly fallback?: string;
  /** It may be given several times, each time with another value. Of other options the last value counts. */
  readonly repeatable?: boolean;
}

export interface ArgumentSpec {
  /** In capitals: `TRACE`. */
  readonly name: string;
  readonly help: string;
  readonly optional?: boolean;
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

/** What the user gave: arguments by name, options by name. Boolean options are false when they are not given. */
export interface Invocation {
  argument(name: string): string | undefined;
  text(option: string): string | undefined;
  /** Every value of a repeatable option, in their order; none when it is not given. */
  texts(option: string): readonly string[];
  flag(option: string): boolean;
  /** Whether the answer is to be one JSON document. */
  readonly json: boolean;
}

/** What a command may touch. Everything impure is handed in. */
export interface Host {
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder that relative paths start from: the user's, also under `npm run`. */
  readonly cwd: string;
  /** Progress and messages; never the answer. */
  readonly terminal: Terminal;
  /** Width of the terminal that the answer goes to; undefined where it goes into a pipe or a file, which get it whole. */
  readonly stdoutColumns?: number | undefined;
  readonly stdin: AsyncIterable<Uint8Array>;
  /** Whether a person can be asked something at stdin. Default: not. */
  readonly stdinIsTerminal?: boolean;
  /** Yields `[0, 1)`. */
  readonly random: () => number;
  /** Aborts on Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  readonly nodeVersion: string;
}

/** A command's answer, in both forms; the runner prints the one that was asked for. */
export interface Answer {
  readonly exitCode: ExitCode;
  /** The one JSON document of `--json`. */
  readonly json: unknown;
  /** The same for people, without a line feed at its end. */
  readonly text: string;
}

export interface Command {
  /** One or two words: `replay`, `dead-letters list`; or three, of which the second names what it acts on: `cache NAME clear`. */
  readonly name: string;
  readonly summary: string;
  /** Further sentences for the command's own help. */
  readonly description?: string;
  readonly arguments: readonly ArgumentSpec[];
  readonly options: OptionSpecs;
  readonly examples: readonly string[];
  /** @throws CliError for everything that the user can do something about. */
  run(invocation: Invocation, host: Host): Promise<Answer>;
}
