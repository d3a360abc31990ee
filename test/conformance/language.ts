import { evaluateQuery, parseQuery } from '#libs/promql';
import type { QueryLanguage } from '#libs/promql/notation';

/**
 * What is put to the test. Names of metrics are dropped at the end of a query, since Prometheus' own runner of these scripts
 * has that feature flag set, and some of them rely on it.
 */
export const LANGUAGE: QueryLanguage = {
  parse: parseQuery,
  evaluate: (query) => evaluateQuery({ ...query, delayNameRemoval: true }),
};
