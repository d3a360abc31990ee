import { parser } from '@prometheus-io/lezer-promql';
import type { Tree } from '@lezer/common';
import { QuerySyntaxError } from '../errors.js';
import type { Expression } from './ast.js';
import { tokenize } from './lexer.js';
import { refuseDeepNesting } from './nesting.js';
import { outlineOf } from './outline.js';
import { Phrases, type Phrase } from './phrase.js';
import { readExpression } from './read-expression.js';
import { refuseHeavyRegexes } from './regex-weight.js';
import type { Token } from './token.js';
import { unexpectedError } from './unexpected.js';

/** Characters of a query, in UTF-16 units. */
export const LONGEST_QUERY = 65_536;

const grammar = parser.configure({ strict: true });

/**
 * The expression that a text is, in Prometheus 3's stable language. Words are read by Prometheus' rules (`tokenize`), phrases
 * by its grammar for editors, and how strongly operators bind by its parser's (`readExpression`), since the three differ: what
 * counts is what Prometheus' server takes.
 * @throws QuerySyntaxError for a text that is none, that is wrong in its types, longer than LONGEST_QUERY, nested too deeply, or
 *   needs one of Prometheus' feature flags. O(n)
 */
export function parseQuery(text: string): Expression {
  if (text.length > LONGEST_QUERY) {
    const span = { from: LONGEST_QUERY, to: text.length };
    const hint = `A query has at most ${LONGEST_QUERY} characters, and this one ${text.length}.`;
    throw new QuerySyntaxError('query is too long', span, hint);
  }
  const tokens = tokenize(text);
  if (tokens.length === 1) {
    const hint = 'Write a query: the name of a metric, to begin with.';
    throw new QuerySyntaxError('no expression found in input', { from: 0, to: text.length }, hint);
  }
  refuseDeepNesting(tokens);
  refuseHeavyRegexes(tokens);
  const phrase = phraseOf(outlineOf(text, tokens), tokens);
  return readExpression(phrase, new Phrases(tokens));
}

/**
 * The parser gives a row of operators up when it has some 150 behind its first 2,000 characters, lest the tree become too deep to
 * walk. How deep it may be is decided here (`refuseDeepNesting`), so what it counts is set back all the time.
 */
function treeOf(outline: string): Tree {
  const parse = grammar.startParse(outline);
  for (;;) {
    const tree = parse.advance();
    if (tree !== null) return tree;
    Object.assign(parse, { bigReductionCount: 0 });
  }
}

function phraseOf(outline: string, tokens: readonly Token[]): Phrase {
  try {
    const phrase = treeOf(outline).topNode.firstChild;
    if (phrase !== null) return phrase;
  } catch (error) {
    const at = error instanceof SyntaxError ? /\d+$/.exec(error.message)?.[0] : undefined;
    if (at === undefined) throw error;
    throw unexpectedError(
      tokens,
      tokens.findIndex((token) => token.kind === 'end' || token.to > Number(at)),
    );
  }
  throw unexpectedError(tokens, 0);
}
