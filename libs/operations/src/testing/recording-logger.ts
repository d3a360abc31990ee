import { Logger, type LogFields } from '../logger/logger.js';

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: LogFields;
}

/** Keeps what it was told. Children write to the same list. */
export class RecordingLogger extends Logger {
  constructor(
    readonly lines: LogLine[] = [],
    private readonly own: LogFields = {},
  ) {
    super();
  }

  debug(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'debug', message, fields: { ...this.own, ...fields } });
  }

  info(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'info', message, fields: { ...this.own, ...fields } });
  }

  warn(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'warn', message, fields: { ...this.own, ...fields } });
  }

  error(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'error', message, fields: { ...this.own, ...fields } });
  }

  with(fields: LogFields): Logger {
    return new RecordingLogger(this.lines, { ...this.own, ...fields });
  }
}
