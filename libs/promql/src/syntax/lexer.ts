import { QuerySyntaxError } from '../errors.js';
import { LONGEST_DURATION_MS, readDuration } from './duration-text.js';
import { readNumber } from './number-text.js';
import { readString } from './string-lexer.js';
import { shorten } from './shorten.js';
import { TIME_WORDS, type Token, type TokenKind } from './token.js';

const SYMBOL = /==|!=|<=|>=|<\/|>\/|[-+*/%^=<>(){}[\],@:]/y;
const BRACES_SYMBOL = /=~|!~|!=|[={},]/y;
const WORD = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const LABEL = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const SPACE = /[ \t\r\n]+|#[^\r\n]*/y;
const NUMBER = /\.?[0-9](?:[eE][+-]|[0-9a-zA-Z_.])*/y;
const HEX_E_SIGN = /^0[xX]_?[eE][+-]/;
const OF_BRACKETS = new Set(['(', ')', '+', '-', '*', '/', '%', '^', ',', ':', ']']);

const matchAt = (pattern: RegExp, text: string, at: number): string | undefined => {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
};

const characterAt = (text: string, at: number): string => `'${String.fromCodePoint(text.codePointAt(at) ?? 0)}'`;

/**
 * Splits a query into the words of Prometheus' language, the last one being its end; spaces and comments are left out. Which
 * characters are read how depends on the brackets around them, as in Prometheus: within braces words are names of labels, within
 * brackets there are durations.
 * @throws QuerySyntaxError at a character that begins nothing, a string or number that is none, a bracket that opens or closes
 *   wrongly. O(n)
 */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let parentheses = 0;
  let inBraces = false;
  let inBrackets = false;
  let colons = 0;
  let at = 0;

  const fail = (message: string, hint?: string, from = at, to = Math.min(from + 1, text.length)): never => {
    throw new QuerySyntaxError(message, { from, to }, hint);
  };
  const add = (kind: TokenKind, length: number): void => {
    tokens.push({ kind, text: text.slice(at, at + length), from: at, to: at + length, inBraces });
    at += length;
  };
  const addSymbol = (symbol: string): void => {
    if (symbol === '(') parentheses += 1;
    if (symbol === ')' && --parentheses < 0)
      fail(`unexpected right parenthesis ')'`, 'Nothing is open that it closes.');
    if (symbol === '[') {
      if (inBrackets) fail(`unexpected left bracket '['`);
      inBrackets = true;
      colons = 0;
    }
    if (symbol === ':' && ++colons > 1) fail(`unexpected colon ':'`);
    if (symbol === ']') {
      if (!inBrackets) fail(`unexpected right bracket ']'`, 'Nothing is open that it closes.');
      inBrackets = false;
    }
    add('symbol', symbol.length);
    if (symbol === '{') inBraces = true;
    if (symbol === '}') inBraces = false;
  };
  const readBraces = (): void => {
    const label = matchAt(LABEL, text, at);
    if (label !== undefined) return add('word', label.length);
    const symbol = matchAt(BRACES_SYMBOL, text, at);
    if (symbol === '{') fail(`unexpected left brace '{'`);
    if (symbol !== undefined) return addSymbol(symbol);
    if (text[at] === '!') fail(`unexpected character after '!' inside braces: ${characterAt(text, at + 1)}`);
    fail(`unexpected character inside braces: ${characterAt(text, at)}`, 'A condition is written label="value".');
  };
  const readBrackets = (): void => {
    const word = matchAt(LABEL, text, at);
    if (word !== undefined && TIME_WORDS.has(word.toLowerCase())) return add('word', word.length);
    const symbol = text.charAt(at);
    if (symbol === '[') fail(`unexpected left bracket '['`);
    if (!OF_BRACKETS.has(symbol)) {
      fail(`unexpected character in duration expression: ${characterAt(text, at)}`, 'A range is written [5m].');
    }
    addSymbol(symbol);
  };
  const readOutside = (): void => {
    const word = matchAt(WORD, text, at);
    if (word !== undefined) return add(/^(inf|nan)$/i.test(word) ? 'number' : 'word', word.length);
    const symbol = matchAt(SYMBOL, text, at);
    if (symbol === '=' && text[at + 1] === '~') fail(`unexpected character after '=': '~'`);
    if (symbol === '}') fail(`unexpected character: '}'`, 'Nothing is open that it closes.');
    if (symbol !== undefined) return addSymbol(symbol);
    if (text[at] === '!') fail(`unexpected character after '!': ${characterAt(text, at + 1)}`);
    fail(`unexpected character: ${characterAt(text, at)}`);
  };

  while (at < text.length) {
    const space = matchAt(SPACE, text, at);
    if (space !== undefined) {
      at += space.length;
      continue;
    }
    const number = inBraces ? undefined : matchAt(NUMBER, text, at);
    if (number !== undefined) {
      const written = HEX_E_SIGN.test(number) ? number.replace(/[+-].*$/, '') : number;
      add(kindOfNumber(written, at), written.length);
    } else if (/["'`]/.test(text.charAt(at)) && !inBrackets) {
      add('string', readString(text, at) - at);
    } else if (inBraces) readBraces();
    else if (inBrackets) readBrackets();
    else readOutside();
  }
  if (inBraces) fail('unexpected end of input inside braces', 'Close them with }.');
  if (parentheses > 0) fail('unclosed left parenthesis', 'Close it with ).');
  if (inBrackets) {
    const empty = tokens.at(-1)?.text === '[';
    const hint = 'A range is written [5m], a subquery [1h:1m] or [1h:].';
    fail(empty ? 'unexpected end of input in duration expression' : 'unclosed left bracket', hint);
  }
  add('end', 0);
  return tokens;
}

function kindOfNumber(written: string, from: number): 'number' | 'duration' {
  const span = { from, to: from + written.length };
  const value = readNumber(written);
  if (value !== undefined) {
    if (Number.isFinite(value)) return 'number';
    throw new QuerySyntaxError(
      `error parsing number: "${shorten(written)}": value out of range`,
      span,
      'The largest is 1.8e308.',
    );
  }
  const ms = readDuration(written);
  if (ms === undefined) {
    const hint = 'Durations go from large units to small ones: 1h30m, of y w d h m s ms.';
    const isDuration = /^(?:\d+(?:ms|[ywdhms]))+$/.test(written);
    const problem = isDuration ? 'not a valid duration string' : 'bad number or duration syntax';
    throw new QuerySyntaxError(`${problem}: "${shorten(written)}"`, span, hint);
  }
  if (ms < LONGEST_DURATION_MS) return 'duration';
  throw new QuerySyntaxError('duration out of range', span, 'The longest is 292y.');
}
