/** Values of a log line. Messages are constant, whatever varies goes here. An Error is written with its code and stack. */
export type LogFields = Readonly<Record<string, unknown>>;

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * The log of a program: constant message, fields as values. Log state changes and batches; count events.
 * Never a person, an address, a path of a reader or a key. Also the DI token.
 */
export abstract class Logger {
  abstract debug(message: string, fields?: LogFields): void;
  abstract info(message: string, fields?: LogFields): void;
  abstract warn(message: string, fields?: LogFields): void;
  abstract error(message: string, fields?: LogFields): void;
  /** A logger whose every line carries these fields as well. */
  abstract with(fields: LogFields): Logger;
}

/** Says nothing. For hosts that bring no logger. */
export class SilentLogger extends Logger {
  debug(): void {}
  info(): void {}
  warn(): void {}
  error(): void {}
  with(): Logger {
    return this;
  }
}
