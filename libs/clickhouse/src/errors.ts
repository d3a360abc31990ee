import { PipelineError } from '#libs/contracts';

export type ClickHouseErrorCode =
  | 'CLICKHOUSE_UNAVAILABLE'
  | 'CLICKHOUSE_BUSY'
  | 'CLICKHOUSE_REFUSED'
  | 'CLICKHOUSE_MISCONFIGURED'
  | 'SCHEMA_NEWER'
  | 'SCHEMA_OLDER'
  | 'SCHEMA_CHANGED';

export class ClickHouseStoreError extends PipelineError {
  declare readonly code: ClickHouseErrorCode;

  constructor(code: ClickHouseErrorCode, message: string, retriable: boolean, options?: { cause?: unknown }) {
    super(code, message, retriable, options);
  }
}

/** Codes of ClickHouse that say: not now. Timeouts, too many parts or queries, memory, no space, replica trouble. */
const BUSY = new Set([
  '159',
  '160',
  '202',
  '209',
  '210',
  '241',
  '242',
  '243',
  '252',
  '279',
  '319',
  '394',
  '473',
  '999',
  '1002',
]);

const MAX_MESSAGE = 1_000;

/** Folds what the client throws into one of a few codes. */
export function asStoreError(error: unknown, doing: string): ClickHouseStoreError {
  if (error instanceof ClickHouseStoreError) return error;
  const code = (error as { code?: unknown }).code;
  const message = shortened(error instanceof Error ? error.message : String(error));
  if (typeof code === 'string' && /^\d+$/.test(code)) {
    const busy = BUSY.has(code);
    return new ClickHouseStoreError(
      busy ? 'CLICKHOUSE_BUSY' : 'CLICKHOUSE_REFUSED',
      `ClickHouse refused ${doing}: ${message}`,
      busy,
      { cause: error },
    );
  }
  return new ClickHouseStoreError('CLICKHOUSE_UNAVAILABLE', `ClickHouse did not answer ${doing}: ${message}`, true, {
    cause: error,
  });
}

/** ClickHouse repeats the statement in its errors, and a recount's names thousands of buckets. */
function shortened(message: string): string {
  return message.length <= MAX_MESSAGE ? message : `${message.slice(0, MAX_MESSAGE)} …`;
}
