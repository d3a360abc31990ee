import { checkSelector } from '../check/check-selector.js';
import type { Matcher } from '../values/matcher.js';
import { METRIC_NAME } from '../values/labels.js';
import { QuerySyntaxError } from '../errors.js';
import type { VectorSelector } from './ast.js';
import type { Phrase, Phrases } from './phrase.js';
import { unquote } from './quoted-text.js';
import { compileRegex } from './regex.js';
import type { Token } from './token.js';

const OPERATORS: ReadonlyMap<string, Matcher['operator']> = new Map(
  (['=', '!=', '=~', '!~'] as const).map((operator) => [operator, operator]),
);

/** A selector as it stands before `offset` and `@`. */
export function readSelector(phrase: Phrase, phrases: Phrases): VectorSelector {
  const words = phrases.words(phrase);
  const [first] = words;
  if (first === undefined || first.kind === 'number') throw new TypeError('The grammar has a selector without words.');
  const name = first.kind === 'word' ? first.text : '';
  const matchers = readMatchers(words.slice(name === '' ? 1 : 2));
  if (name !== '') matchers.push({ name: METRIC_NAME, operator: '=', value: name });
  const span = { from: phrase.from, to: phrase.to };
  const selector: VectorSelector = { kind: 'selector', name, matchers, offsetMs: 0, span };
  checkSelector(selector);
  return selector;
}

/** @param words behind the `{` */
function readMatchers(words: readonly Token[]): Matcher[] {
  const matchers: Matcher[] = [];
  for (let at = 0; at < words.length; at++) {
    const label = words[at];
    if (label === undefined || label.kind === 'symbol') continue;
    const name = label.kind === 'string' ? unquote(label.text) : label.text;
    const operator = OPERATORS.get(words[at + 1]?.text ?? '');
    const value = words[at + 2];
    if (operator === undefined || value === undefined) {
      matchers.push({ name: METRIC_NAME, operator: '=', value: name });
      continue;
    }
    const matcher = { name, operator, value: unquote(value.text) };
    if (operator === '=~' || operator === '!~') refuseInvalidRegex(matcher.value, label, value);
    matchers.push(matcher);
    at += 2;
  }
  return matchers;
}

function refuseInvalidRegex(pattern: string, label: Token, value: Token): void {
  const error = compileRegex(pattern);
  if (!(error instanceof Error)) return;
  const span = { from: label.from, to: value.to };
  throw new QuerySyntaxError(
    error.message,
    span,
    'Expressions are RE2’s; a literal . * + ? ( ) [ ] { } is written \\\\. and so on.',
  );
}
