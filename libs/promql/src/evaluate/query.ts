import type { Expression } from '../syntax/ast.js';
import type { SeriesSource } from '../source/series-source.js';

/** When a query is asked for: once, or at each step of a range, its end included. ms since 1970. */
export type QueryTimes =
  { readonly at: number } | { readonly start: number; readonly end: number; readonly stepMs: number };

/** Above these a query is refused, or ends. */
export interface QueryLimits {
  /** Samples held at once. Default 50 million. */
  readonly samples: number;
  /** Series of one selector, or of a result. Default 100,000. */
  readonly series: number;
  /** Steps of a range. Default 11,000. */
  readonly steps: number;
}

export interface Query {
  readonly expression: Expression;
  readonly times: QueryTimes;
  readonly source: SeriesSource;
  /** A sample counts for so long, unless the series ended. Default 5 min. */
  readonly lookbackMs?: number;
  /** Step of a subquery that names none. Default 1 min. */
  readonly defaultStepMs?: number;
  readonly limits?: Partial<QueryLimits>;
  /**
   * Names of metrics are dropped when the query is at its end, not by each function that makes something else of a series:
   * what Prometheus' feature flag `promql-delayed-name-removal` does. Default: no.
   */
  readonly delayNameRemoval?: boolean;
  readonly signal?: AbortSignal;
}
