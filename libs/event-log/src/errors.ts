import { PipelineError } from '#libs/contracts';

export type EventLogErrorCode =
  'LOG_UNAVAILABLE' | 'LOG_FULL' | 'LOST_PARTITION' | 'LOG_MISCONFIGURED' | 'LOG_CLOSED' | 'RECORD_TOO_LARGE';

export class EventLogError extends PipelineError {
  declare readonly code: EventLogErrorCode;

  constructor(code: EventLogErrorCode, message: string, retriable: boolean, options?: { cause?: unknown }) {
    super(code, message, retriable, options);
  }
}

/** The log is at its bound: accepting more would cut records that a consumer group has not read. */
export class LogFullError extends EventLogError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('LOG_FULL', message, true, options);
  }
}

/** The partition belongs to another consumer: whatever was to be committed was not. */
export class LostPartitionError extends EventLogError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('LOST_PARTITION', message, false, options);
  }
}
