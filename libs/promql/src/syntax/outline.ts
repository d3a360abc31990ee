import { EXPERIMENTAL_FUNCTIONS, FUNCTIONS } from '../check/functions.js';
import { nearestName } from '../check/nearest-name.js';
import { QuerySyntaxError } from '../errors.js';
import { AGGREGATIONS } from './ast.js';
import { experimentalError, refuseDurationExpression } from './experimental.js';
import { shorten } from './shorten.js';
import { EXPERIMENTAL_AGGREGATIONS, RESERVED, TIME_WORDS, WORD_OPERATORS, type Token } from './token.js';

/** What an open parenthesis is of. */
type Group = 'expression' | 'arguments' | 'labels';

const KNOWN_AGGREGATIONS: ReadonlySet<string> = new Set(AGGREGATIONS);
const TAKES_LABELS = new Set(['by', 'without', 'on', 'ignoring', 'group_left', 'group_right']);
const FILLS = new Set(['fill', 'fill_left', 'fill_right']);

/**
 * The query as a text of the same length in which each word is one that the grammar reads as what it is by Prometheus' own
 * rules: names of metrics and labels, numbers and strings stand there as one letter or digit again and again, keywords in
 * small letters, comments as spaces. So the grammar decides about phrases only, and not about words, which it knows in fewer
 * forms (`1.`, `0X1F`, a metric called `offset`). Everything is where it was.
 * @throws QuerySyntaxError for functions that there are not, and for what is experimental in Prometheus. O(n)
 */
export function outlineOf(text: string, tokens: readonly Token[]): string {
  const open: Group[] = [];
  let outline = '';
  /** The token before was the end of an operand: an operator or modifier follows. */
  let afterOperand = false;
  tokens.forEach((token, index) => {
    const before = tokens[index - 1];
    const next = tokens[index + 1];
    outline += ' '.repeat(token.from - outline.length);
    if (token.kind === 'symbol') {
      if (token.text === '(') {
        open.push(groupOf(before));
        afterOperand = false;
      } else if (token.text === ')') {
        const group = open.pop();
        if (group === 'arguments' && before?.text === ',' && before.kind === 'symbol') {
          const hint = 'Leave the comma out.';
          throw new QuerySyntaxError('trailing commas not allowed in function call args', before, hint);
        }
        afterOperand = !(group === 'labels' && isBeforeOperand(tokens, index));
      } else {
        if (token.text === '[') refuseDurationExpression(tokens, index);
        afterOperand = token.text === ']' || token.text === '}';
      }
      outline += token.text;
    } else if (token.kind === 'word') {
      const lower = token.text.toLowerCase();
      const isLabel = token.inBraces || open.at(-1) === 'labels';
      const kept = isLabel ? undefined : afterOperand || before?.text === '@' ? lower : wordOfOperand(token, next);
      if (afterOperand && lower === 'offset' && !isLabel) refuseDurationExpression(tokens, index);
      if (afterOperand && !isLabel && (lower === 'anchored' || lower === 'smoothed')) {
        throw experimentalError(`${lower} modifier is experimental and not enabled`, token);
      }
      outline += kept ?? 'm'.repeat(token.text.length);
      if (!isLabel) afterOperand = kept === undefined;
    } else if (token.kind === 'string') {
      outline += `"${'s'.repeat(token.text.length - 2)}"`;
      if (!token.inBraces) afterOperand = true;
    } else if (token.kind !== 'end') {
      outline += '1'.repeat(token.text.length);
      afterOperand = true;
    }
  });
  return outline + ' '.repeat(text.length - outline.length);
}

/** A word where an operand may begin, as the grammar knows it; undefined for the name of a metric. */
function wordOfOperand(token: Token, next: Token | undefined): string | undefined {
  const lower = token.text.toLowerCase();
  if (RESERVED.has(lower)) return lower;
  const called = next?.text === '(' && next.kind === 'symbol';
  const grouped = next?.kind === 'word' && /^(by|without)$/i.test(next.text);
  if (EXPERIMENTAL_AGGREGATIONS.has(lower) && (called || grouped)) {
    throw experimentalError(`${lower}() is experimental and not enabled`, token);
  }
  if (KNOWN_AGGREGATIONS.has(lower) && (called || grouped)) return lower;
  if (!called) return undefined;
  if (FILLS.has(lower)) throw experimentalError('binop fill modifiers are experimental and not enabled', token);
  if (FUNCTIONS.has(token.text)) return token.text;
  if (EXPERIMENTAL_FUNCTIONS.has(TIME_WORDS.has(lower) ? lower : token.text)) {
    throw experimentalError(`function "${token.text}" is not enabled`, token);
  }
  if (WORD_OPERATORS.has(lower) || TAKES_LABELS.has(lower) || lower === 'offset') return lower;
  const near = nearestName(token.text, [...FUNCTIONS.keys(), ...AGGREGATIONS]);
  const hint = near === undefined ? 'See the functions of Prometheus 3.' : `Did you mean ${near}?`;
  throw new QuerySyntaxError(`unknown function with name "${shorten(token.text)}"`, token, hint);
}

function groupOf(before: Token | undefined): Group {
  if (before?.kind !== 'word' || before.inBraces) return 'expression';
  return TAKES_LABELS.has(before.text.toLowerCase()) ? 'labels' : 'arguments';
}

/** The labels that end here belong to an operator, so that its right side follows, or to an aggregation's beginning. */
function isBeforeOperand(tokens: readonly Token[], close: number): boolean {
  let at = close;
  while (at > 0 && !(tokens[at]?.text === '(' && tokens[at]?.kind === 'symbol')) at -= 1;
  return /^(on|ignoring|group_left|group_right)$/i.test(tokens[at - 1]?.text ?? '');
}
