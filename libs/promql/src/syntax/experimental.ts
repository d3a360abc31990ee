import { QuerySyntaxError } from '../errors.js';
import type { Span } from './ast.js';
import type { Token } from './token.js';

const ARITHMETIC = /^[()*/%^,]$/;
const SIGN = /^[-+]$/;
const DURATION_FUNCTION = /^(step|range|min_of|max_of)$/i;

/** Of what Prometheus has only behind a feature flag. */
export function experimentalError(message: string, { from, to }: Span): QuerySyntaxError {
  const hint = 'It is experimental in Prometheus, where a feature flag enables it, and it is not supported here.';
  return new QuerySyntaxError(message, { from, to }, hint);
}

/**
 * Durations are plain literals with a sign at most.
 * @param index of the `[` or the `offset` in front of one
 * @throws QuerySyntaxError where there is arithmetic, or a function
 */
export function refuseDurationExpression(tokens: readonly Token[], index: number): void {
  const message = 'experimental duration expression is not enabled';
  if (tokens[index]?.text !== '[') {
    let at = index + 1;
    while (SIGN.test(tokens[at]?.text ?? '')) at += 1;
    const token = tokens[at];
    const called = tokens[at + 1]?.text === '(' && DURATION_FUNCTION.test(token?.text ?? '');
    if (token !== undefined && (called || token.text === '(')) throw experimentalError(message, token);
    return;
  }
  for (let at = index + 1; at < tokens.length && tokens[at]?.text !== ']'; at++) {
    const token = tokens[at];
    const before = tokens[at - 1];
    if (token === undefined) return;
    const afterNumber = before?.kind === 'number' || before?.kind === 'duration';
    const arithmetic = ARITHMETIC.test(token.text) || (SIGN.test(token.text) && afterNumber);
    if (token.kind === 'word' || arithmetic) throw experimentalError(message, token);
  }
}
