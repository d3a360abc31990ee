import type { QueryLanguage } from '#libs/promql/notation';

const refuse = (): never => {
  throw new Error('There is no parser and no evaluator of PromQL yet.');
};

/** What is put to the test. */
export const LANGUAGE: QueryLanguage = { parse: refuse, evaluate: refuse };
