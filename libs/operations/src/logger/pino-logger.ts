import { pino, type DestinationStream, type Logger as Pino } from 'pino';
import { shortLine } from './short-line.js';
import { Logger, type LogFields, type LogLevel } from './logger.js';

export interface LoggerOptions {
  /** Name of the app; every line carries it. */
  readonly app: string;
  readonly level: LogLevel;
  /** `json`: a JSON object per line. `short`: a line for people. */
  readonly format: 'json' | 'short';
  /** Where lines go. Default: standard output, written synchronously, so that the last words of a program are not lost. */
  readonly destination?: { write(line: string): void };
}

/** Makes the logger of an app. */
export function createLogger({ app, level, format, destination }: LoggerOptions): Logger {
  const out: DestinationStream = destination ?? pino.destination({ fd: 1, sync: true });
  const stream: DestinationStream = format === 'json' ? out : { write: (line) => void out.write(shortLine(line)) };
  return new PinoLogger(
    pino(
      {
        level,
        base: null,
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
        messageKey: 'message',
        // Described below already; pino's own serializer would take it for a plain object.
        serializers: { error: (described: unknown) => described },
        errorKey: 'err',
      },
      stream,
    ),
    { app },
  );
}

class PinoLogger extends Logger {
  private readonly pino: Pino;

  /** @param own fields of every line. */
  constructor(
    private readonly root: Pino,
    private readonly own: LogFields,
  ) {
    super();
    this.pino = root.child(writable(own));
  }

  debug(message: string, fields?: LogFields): void {
    if (this.pino.isLevelEnabled('debug')) this.pino.debug(writable(fields), message);
  }

  info(message: string, fields?: LogFields): void {
    if (this.pino.isLevelEnabled('info')) this.pino.info(writable(fields), message);
  }

  warn(message: string, fields?: LogFields): void {
    if (this.pino.isLevelEnabled('warn')) this.pino.warn(writable(fields), message);
  }

  error(message: string, fields?: LogFields): void {
    if (this.pino.isLevelEnabled('error')) this.pino.error(writable(fields), message);
  }

  with(fields: LogFields): Logger {
    // From the root: a child of a child would carry a field that both have twice.
    return new PinoLogger(this.root, { ...this.own, ...fields });
  }
}

/** What JSON cannot carry becomes text; an Error becomes its message, code, causes and stack. */
function writable(fields: LogFields | undefined): Record<string, unknown> {
  const written: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields ?? {}))
    written[name] =
      typeof value === 'bigint' ? value.toString() : value instanceof Error ? describeError(value) : value;
  return written;
}

const DEEPEST_CAUSE = 5;

function describeError(error: Error, depth = 0): Record<string, unknown> {
  const code: unknown = 'code' in error ? error.code : undefined;
  return {
    type: error.name,
    message: error.message,
    ...((typeof code === 'string' || typeof code === 'number') && { code }),
    ...(depth === 0 && { stack: error.stack }),
    ...(error.cause instanceof Error && depth < DEEPEST_CAUSE && { cause: describeError(error.cause, depth + 1) }),
  };
}
