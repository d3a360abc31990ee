import { EventLogError, LostPartitionError } from '../errors.js';

/** What Kafka answers when this member does not own what it commits: an earlier generation, or thrown out of the group. */
const LOST = new Set([
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'FENCED_INSTANCE_ID',
  'REBALANCE_IN_PROGRESS',
  'STALE_MEMBER_EPOCH',
]);
const TOO_LARGE = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'OFFSET_METADATA_TOO_LARGE']);
const MISCONFIGURED = new Set([
  'UNKNOWN_TOPIC_OR_PARTITION',
  'INVALID_TOPIC_EXCEPTION',
  'INVALID_CONFIG',
  'INVALID_REPLICATION_FACTOR',
  'POLICY_VIOLATION',
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_VERSION',
]);

/** Kafka's own name of the failure (`NOT_LEADER_FOR_PARTITION`), from whatever kafkajs wrapped it in. */
export function kafkaErrorType(error: unknown): string | undefined {
  for (let one = error, depth = 0; one instanceof Error && depth < 8; one = one.cause, depth++)
    if ('type' in one && typeof one.type === 'string') return one.type;
  return undefined;
}

/** The port's error for a failure of kafkajs. Whatever is not known to last counts as passing. */
export function toEventLogError(error: unknown, what: string): EventLogError {
  if (error instanceof EventLogError) return error;
  const type = kafkaErrorType(error) ?? '';
  const reason = error instanceof Error ? error.message : String(error);
  const options = { cause: error };
  if (LOST.has(type))
    return new LostPartitionError(`${what}: the partition belongs to another consumer (${type}).`, options);
  if (TOO_LARGE.has(type)) return new EventLogError('RECORD_TOO_LARGE', `${what}: ${reason}`, false, options);
  if (MISCONFIGURED.has(type) || isAuthentication(error))
    return new EventLogError('LOG_MISCONFIGURED', `${what}: ${reason}`, false, options);
  return new EventLogError('LOG_UNAVAILABLE', `${what}: ${reason}`, true, options);
}

function isAuthentication(error: unknown): boolean {
  for (let one = error, depth = 0; one instanceof Error && depth < 8; one = one.cause, depth++)
    if (one.name === 'KafkaJSSASLAuthenticationError') return true;
  return false;
}
