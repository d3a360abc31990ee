import { unquote } from '../syntax/quoted-text.js';
import type { Cursor } from './cursor.js';

const ESCAPE = /\\(?:x[0-9a-fA-F]{2}|[0-7]{3}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[abfnrtv\\"'])/y;
const LAST_CODE_POINT = 0x10_ff_ff;

/** Text in double, single or back quotes, with Go's escapes but for the last. @throws MisreadError when it does not end */
export function readQuoted(cursor: Cursor): string {
  const raw = cursor.take(/`[^`]*`/y);
  if (raw !== undefined) return unquote(raw);
  const start = cursor.at;
  const quote = cursor.take(/["']/y) ?? cursor.fail('text in quotes');
  while (!cursor.skip(quote)) {
    if (cursor.take(quote === '"' ? /[^"\\\n]+/y : /[^'\\\n]+/y) !== undefined) continue;
    if (cursor.text[cursor.at] !== '\\') cursor.fail(`the closing ${quote}`);
    const escape = cursor.take(ESCAPE) ?? cursor.fail('an escape that there is (\\n, \\t, \\\\, \\", \\x41, \\u00e9)');
    if (escape.startsWith('\\U') && Number.parseInt(escape.slice(2), 16) > LAST_CODE_POINT)
      cursor.fail('a code point up to \\U0010FFFF');
  }
  return unquote(cursor.text.slice(start, cursor.at));
}
