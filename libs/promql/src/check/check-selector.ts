import { QuerySyntaxError } from '../errors.js';
import type { VectorSelector } from '../syntax/ast.js';
import { compileRegex } from '../syntax/regex.js';
import { shorten } from '../syntax/shorten.js';
import { METRIC_NAME } from '../values/labels.js';
import type { Matcher } from '../values/matcher.js';

/**
 * A selector names its metric once, and has a condition that not every series meets.
 * @throws QuerySyntaxError
 */
export function checkSelector({ name, matchers, span }: VectorSelector): void {
  if (name === '') {
    if (matchers.some((matcher) => !matchesEmpty(matcher))) return;
    const hint = 'Name a metric, or a label with a value that is not empty: {job="api"}, {job=~".+"}.';
    throw new QuerySyntaxError('vector selector must contain at least one non-empty matcher', span, hint);
  }
  const twice = matchers.slice(0, -1).find((matcher) => matcher.name === METRIC_NAME);
  if (twice === undefined) return;
  const hint = 'Leave one of them out; for more than one metric write {__name__=~"a|b"}.';
  throw new QuerySyntaxError(
    `metric name must not be set twice: "${shorten(name)}" or "${shorten(twice.value)}"`,
    span,
    hint,
  );
}

function matchesEmpty({ operator, value }: Matcher): boolean {
  if (operator === '=' || operator === '!=') return (value === '') === (operator === '=');
  const pattern = compileRegex(value);
  if (pattern instanceof Error) return false;
  return pattern.matches('') === (operator === '=~');
}
