import { QuerySyntaxError } from '../errors.js';
import type { Phrase, Phrases } from './phrase.js';
import { unquote } from './quoted-text.js';

/** The labels in parentheses behind `by`, `without`, `on`, `ignoring`, `group_left` and `group_right`. */
export function readGrouping(phrase: Phrase, phrases: Phrases): string[] {
  const names: string[] = [];
  for (const token of phrases.words(phrase)) {
    if (token.kind === 'symbol') continue;
    const name = token.kind === 'string' ? unquote(token.text) : token.text;
    if (name === '') throw new QuerySyntaxError('invalid label name for grouping: ""', token, 'A label has a name.');
    names.push(name);
  }
  return names;
}
