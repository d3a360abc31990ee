import { PipelineError } from '#libs/contracts';

export type StateStoreErrorCode =
  'STATE_UNAVAILABLE' | 'FENCED' | 'STATE_CLOSED' | 'STATE_TOO_LARGE' | 'STATE_MISCONFIGURED';

export class StateStoreError extends PipelineError {
  declare readonly code: StateStoreErrorCode;

  constructor(code: StateStoreErrorCode, message: string, retriable: boolean, options?: { cause?: unknown }) {
    super(code, message, retriable, options);
  }
}

/** Another writer has opened the scope: this one must stop. */
export class FencedError extends StateStoreError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('FENCED', message, false, options);
  }
}
