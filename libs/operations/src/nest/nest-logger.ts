import type { LoggerService } from '@nestjs/common';
import { Logger } from '../logger/logger.js';

/**
 * Nest's own messages through the app's logger. What Nest does while it starts (routes, modules) is told at debug level:
 * apps say themselves, in one line, what they started.
 */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.logger.debug('Nest says.', nestFields(message, rest));
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.logger.debug('Nest says.', nestFields(message, rest));
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.logger.debug('Nest says.', nestFields(message, rest));
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.logger.warn('Nest warns.', nestFields(message, rest));
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.logger.error('Nest reports an error.', nestFields(message, rest));
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.error(message, ...rest);
  }
}

/** Nest hands in the message, then any others, a stack for errors, and the context last. */
function nestFields(message: unknown, rest: readonly unknown[]): Record<string, unknown> {
  const context = typeof rest.at(-1) === 'string' ? rest.at(-1) : undefined;
  const stack = rest.find((one) => typeof one === 'string' && one.includes('\n    at '));
  return {
    ...(message instanceof Error ? { error: message } : { text: message }),
    ...(context !== undefined && context !== stack && { context }),
    ...(stack !== undefined && { stack }),
  };
}
