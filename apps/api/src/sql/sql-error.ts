import { PipelineError } from '#libs/contracts';

/** Numbers and names are ClickHouse's own, so that its clients know them. */
const KINDS = {
  SYNTAX_ERROR: [62, 400],
  BAD_ARGUMENTS: [36, 400],
  UNKNOWN_FORMAT: [73, 400],
  UNKNOWN_DATABASE: [81, 404],
  SETTING_CONSTRAINT_VIOLATION: [452, 403],
  READONLY: [164, 403],
  REQUIRED_PASSWORD: [194, 401],
  AUTHENTICATION_FAILED: [516, 403],
  ACCESS_DENIED: [497, 403],
  TIMEOUT_EXCEEDED: [159, 408],
  QUERY_IS_TOO_LARGE: [229, 413],
  TOO_MANY_SIMULTANEOUS_QUERIES: [202, 503],
  UNKNOWN_ENCODING: [354, 400],
  NETWORK_ERROR: [210, 503],
  UNEXPECTED_AST_STRUCTURE: [223, 400],
  LOGICAL_ERROR: [49, 500],
} as const satisfies Record<string, readonly [number: number, status: number]>;

export type SqlErrorName = keyof typeof KINDS;

/** A refusal in the words and numbers of ClickHouse: what is wrong, and what to do instead. */
export class SqlError extends PipelineError {
  readonly number: number;
  readonly status: number;

  constructor(
    readonly errorName: SqlErrorName,
    readonly reason: string,
    options?: { cause?: unknown },
  ) {
    super(
      `SQL_${errorName}`,
      reason,
      errorName === 'TOO_MANY_SIMULTANEOUS_QUERIES' || errorName === 'NETWORK_ERROR',
      options,
    );
    [this.number, this.status] = KINDS[errorName];
  }

  /** The body, as clients parse it. */
  get text(): string {
    return `Code: ${this.number}. DB::Exception: ${this.reason} (${this.errorName})\n`;
  }
}

export const denied = (reason: string) => new SqlError('ACCESS_DENIED', reason);
