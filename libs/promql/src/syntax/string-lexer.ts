import { QuerySyntaxError } from '../errors.js';

const HEX_ESCAPES = { x: 2, u: 4, U: 8 } as const;
const SIMPLE_ESCAPES = 'abfnrtv\\';

const named = (text: string, at: number): string => {
  const code = text.codePointAt(at) ?? 0;
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')} '${String.fromCodePoint(code)}'`;
};

/**
 * Where the string that begins at `from` with its quote ends, the end not included. Escapes are Go's.
 * @throws QuerySyntaxError at its end where it has none, or at an escape that is none. O(n)
 */
export function readString(text: string, from: number): number {
  const quote = text.charAt(from);
  if (quote === '`') {
    const end = text.indexOf('`', from + 1);
    if (end >= 0) return end + 1;
    throw new QuerySyntaxError('unterminated raw string', { from, to: text.length }, 'Close it with `.');
  }
  let at = from + 1;
  while (text[at] !== quote) {
    if (at >= text.length || text[at] === '\n') {
      throw new QuerySyntaxError('unterminated quoted string', { from, to: at }, `Close it with ${quote}.`);
    }
    at = text[at] === '\\' ? endOfEscape(text, at, quote) : at + 1;
  }
  return at + 1;
}

function endOfEscape(text: string, from: number, quote: string): number {
  const fail = (message: string, to: number): never => {
    const hint = 'A backslash itself is written \\\\; in `…` nothing is escaped.';
    throw new QuerySyntaxError(message, { from, to }, hint);
  };
  const kind = text.charAt(from + 1);
  if (kind === '') fail('escape sequence not terminated', from + 1);
  if (kind === quote || SIMPLE_ESCAPES.includes(kind)) return from + 2;
  const octal = kind >= '0' && kind <= '7';
  const digits = octal ? 3 : kind === 'x' || kind === 'u' || kind === 'U' ? HEX_ESCAPES[kind] : 0;
  if (digits === 0) fail(`unknown escape sequence ${named(text, from + 1)}`, from + 2);
  const first = from + (octal ? 1 : 2);
  for (let at = first; at < first + digits; at++) {
    if (at >= text.length) fail('escape sequence not terminated', at);
    if (!(octal ? /[0-7]/ : /[0-9a-fA-F]/).test(text.charAt(at))) {
      fail(`illegal character ${named(text, at)} in escape sequence`, at + 1);
    }
  }
  const value = parseInt(text.slice(first, first + digits), octal ? 8 : 16);
  const isByte = octal || kind === 'x';
  if (isByte ? value > 0xff : value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) {
    fail('escape sequence is an invalid Unicode code point', first + digits);
  }
  return first + digits;
}
