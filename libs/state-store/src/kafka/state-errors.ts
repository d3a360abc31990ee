import { kafkaErrorType } from '#libs/event-log/kafka';
import { StateStoreError } from '../errors.js';

const LASTING =
  /AUTHORIZATION_FAILED|AUTHENTICATION_FAILED|UNKNOWN_TOPIC|INVALID_TOPIC|INVALID_CONFIG|INVALID_REPLICATION|UNSUPPORTED/;

/** The port's error for a failure of kafkajs. Whatever is not known to last counts as passing. */
export function toStateStoreError(error: unknown, what: string): StateStoreError {
  if (error instanceof StateStoreError) return error;
  const type = kafkaErrorType(error) ?? '';
  const message = `${what}: ${error instanceof Error ? error.message : String(error)}`;
  if (type === 'MESSAGE_TOO_LARGE' || type === 'RECORD_LIST_TOO_LARGE')
    return new StateStoreError('STATE_TOO_LARGE', message, false, { cause: error });
  if (LASTING.test(type)) return new StateStoreError('STATE_MISCONFIGURED', message, false, { cause: error });
  return new StateStoreError('STATE_UNAVAILABLE', message, true, { cause: error });
}
