import { QuerySyntaxError } from '../errors.js';
import { AGGREGATIONS } from './ast.js';
import { quote } from './quoted-text.js';
import { EXPERIMENTAL_AGGREGATIONS, RESERVED, WORD_OPERATORS, type Token } from './token.js';

const KEYWORD =
  /^(bool|by|fill|fill_left|fill_right|group_left|group_right|ignoring|offset|smoothed|anchored|on|without)$/i;
const BEFORE_LABELS = /^(by|without|on|ignoring|group_left|group_right)$/i;
const OPERATOR = /^(?:[-+*/%^@]|==|!=|<=?|>=?|<\/|>\/|=~|!~)$/;
const AGGREGATION_NAMES: ReadonlySet<string> = new Set([...AGGREGATIONS, ...EXPERIMENTAL_AGGREGATIONS]);

/** What is there, as Prometheus says it. */
function describe({ kind, text, inBraces }: Token): string {
  const lower = text.toLowerCase();
  if (kind === 'end') return 'end of input';
  if (kind === 'string') return `string ${shortened(text)}`;
  if (kind === 'number' || kind === 'duration') return `${kind} ${shortened(text)}`;
  if (kind === 'symbol') return OPERATOR.test(text) ? `<op:${text}>` : quote(text);
  if (inBraces) return `identifier ${quote(text)}`;
  if (KEYWORD.test(text)) return `<${text}>`;
  if (WORD_OPERATORS.has(lower)) return `<op:${text}>`;
  if (AGGREGATION_NAMES.has(lower)) return `<aggr:${text}>`;
  return `${text.includes(':') ? 'metric identifier' : 'identifier'} ${quote(text)}`;
}

const shortened = (text: string): string => (text.length > 10 ? `${quote(text.slice(0, 10))}...` : quote(text));

interface Place {
  /** In what, as Prometheus names it. */
  readonly part: string;
  readonly expected?: string;
  readonly hint?: string;
}

/**
 * The error of a word that cannot stand where it stands: what it is, in what part of the query, and what could stand there.
 * @param index of the first token that does not fit
 */
export function unexpectedError(tokens: readonly Token[], index: number): QuerySyntaxError {
  const token = tokens[index] ?? { kind: 'end', text: '', from: 0, to: 0, inBraces: false };
  const place = placeOf(tokens, index);
  const part = place === undefined ? '' : ` in ${place.part}`;
  const expected = place?.expected === undefined ? '' : `, expected ${place.expected}`;
  const hint = place?.hint ?? hintAt(tokens[index - 1], token);
  const span = { from: token.from, to: token.to };
  return new QuerySyntaxError(`unexpected ${describe(token)}${part}${expected}`, span, hint);
}

function placeOf(tokens: readonly Token[], index: number): Place | undefined {
  const token = tokens[index];
  const before = tokens[index - 1];
  if (token === undefined || before === undefined) return undefined;
  if (token.inBraces) return placeInBraces(before);
  const word = before.text.toLowerCase();
  const afterWord = before.kind === 'word';
  if (afterWord && word === 'offset') {
    return { part: 'offset', expected: 'number or duration', hint: 'An offset is written offset 5m.' };
  }
  if (before.text === '@') {
    return { part: '@', expected: 'timestamp', hint: 'Write seconds since 1970, start() or end().' };
  }
  if (afterWord && BEFORE_LABELS.test(word)) return { part: 'grouping opts', expected: '"("' };
  return placeInBrackets(tokens, index);
}

function placeInBraces(before: Token): Place {
  const part = 'label matching';
  if (before.text === '{' || before.text === ',') return { part, expected: 'identifier or "}"' };
  if (before.kind === 'word') return { part, expected: 'label matching operator', hint: 'One of = != =~ !~.' };
  if (before.kind === 'string') return { part, expected: '"," or "}"' };
  return { part, expected: 'string', hint: 'Values stand in quotes.' };
}

/** What is around: a range, or the labels of a grouping. */
function placeInBrackets(tokens: readonly Token[], index: number): Place | undefined {
  let open = index - 1;
  for (let depth = 0; open >= 0; open--) {
    const { kind, text } = tokens[open] ?? { kind: 'end', text: '' };
    if (kind !== 'symbol') continue;
    if (text === ')' || text === ']') depth += 1;
    else if (text === '(' || text === '[') {
      if (depth === 0) break;
      depth -= 1;
    }
  }
  const inside = tokens.slice(open + 1, index);
  const before = tokens[index - 1];
  if (open < 0 || before === undefined) return undefined;
  if (tokens[open]?.text === '[') {
    const hint = 'A range is written [5m], a subquery [1h:1m] or [1h:].';
    if (inside.length === 0) return { part: 'subquery or range selector', expected: 'number or duration', hint };
    if (!inside.some(({ text }) => text === ':')) return { part: 'subquery or range', expected: '":" or "]"', hint };
    const expected = before.text === ':' ? 'number, duration, or "]"' : '"]"';
    return { part: 'subquery selector', expected, hint };
  }
  const word = tokens[open - 1];
  if (word?.kind !== 'word' || !BEFORE_LABELS.test(word.text)) return undefined;
  const wantsLabel = before.text === '(' || before.text === ',';
  return { part: 'grouping opts', expected: wantsLabel ? 'label' : '"," or ")"' };
}

function hintAt(before: Token | undefined, token: Token): string | undefined {
  if (token.kind === 'word' && RESERVED.has(token.text.toLowerCase()) && !isOperandEnd(before)) {
    return `${token.text} is a word of the language: as the name of a metric write {__name__="${token.text}"}.`;
  }
  if (token.kind === 'end') return 'Something is missing at the end.';
  if (token.text === '=' && !token.inBraces) return 'Values are compared with ==.';
  if (isOperandEnd(before) && token.kind !== 'symbol') return 'An operator is missing in front of it, or a bracket.';
  return undefined;
}

const isOperandEnd = (token: Token | undefined): boolean =>
  token !== undefined && (token.kind !== 'symbol' || /^[)\]}]$/.test(token.text));
