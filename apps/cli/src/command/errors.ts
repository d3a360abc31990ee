import { PipelineError } from '#libs/contracts';
import { EXIT, type ExitCode } from './exit-codes.js';

/** An error with its exit code and what to do about it. */
export class CliError extends PipelineError {
  constructor(
    code: string,
    message: string,
    readonly exitCode: ExitCode,
    /** What to do, as a sentence. */
    readonly remedy: string,
    options?: { cause?: unknown },
  ) {
    super(code, message, exitCode === EXIT.unreachable, options);
  }
}

/** The command line is wrong: exit code 2. */
export class UsageError extends CliError {
  constructor(message: string, remedy: string) {
    super('USAGE', message, EXIT.usage, remedy);
  }
}

/** A file, or stdin for `-`, in which there is nothing to act on, most likely a mistake: exit code 2. */
export class EmptyInputError extends CliError {
  /** @param lacks what it should hold, as in "no dead letter". */
  constructor(path: string, lacks: string, remedy: string) {
    const name = path === '-' ? 'Standard input' : `The file ${JSON.stringify(path)}`;
    super('EMPTY_INPUT', `${name} holds ${lacks}.`, EXIT.usage, remedy);
  }
}

/** Nobody answers, or what answers says that it cannot right now: exit code 3. */
export class UnreachableError extends CliError {
  constructor(message: string, remedy: string, options?: { cause?: unknown }) {
    super('UNREACHABLE', message, EXIT.unreachable, remedy, options);
  }
}

/** Ctrl-C or SIGTERM: exit code 130. */
export class InterruptedError extends CliError {
  constructor() {
    super('INTERRUPTED', 'Stopped before it was done.', EXIT.interrupted, 'Run the command again.');
  }
}
