import { PipelineError } from '#libs/contracts';
import type { Span } from './syntax/ast.js';

/** A query that is wrong as it is written. */
export class QuerySyntaxError extends PipelineError {
  constructor(
    message: string,
    /** Where in the text. */
    readonly span: Span,
    /** What to write instead, where that can be said. */
    readonly hint?: string,
  ) {
    super('QUERY_SYNTAX', message, false);
  }
}

/** A query that is right as it is written, and cannot be answered with the data that there is. */
export class QueryFailedError extends PipelineError {
  constructor(
    message: string,
    readonly span?: Span,
  ) {
    super('QUERY_FAILED', message, false);
  }
}

/** A query that is over a limit. */
export class QueryLimitError extends PipelineError {
  constructor(
    /** Which: `samples`, `series`, `time` … */
    readonly limit: string,
    message: string,
  ) {
    super('QUERY_LIMIT', message, false);
  }
}
