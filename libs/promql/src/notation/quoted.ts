import type { Cursor } from './cursor.js';

const SIMPLE: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
};

const BYTES = /(?:\\(?:x[0-9a-fA-F]{2}|[0-7]{3}))+/y;

/** Bytes written one by one are UTF-8. */
function bytesText(escapes: string): string {
  const bytes = escapes
    .slice(1)
    .split('\\')
    .map((byte) => (byte.startsWith('x') ? Number.parseInt(byte.slice(1), 16) : Number.parseInt(byte, 8)));
  return new TextDecoder().decode(Uint8Array.from(bytes));
}

function escaped(cursor: Cursor): string {
  const bytes = cursor.take(BYTES);
  if (bytes !== undefined) return bytesText(bytes);
  const codePoint = cursor.take(/\\u[0-9a-fA-F]{4}|\\U[0-9a-fA-F]{8}/y);
  if (codePoint !== undefined) {
    const value = Number.parseInt(codePoint.slice(2), 16);
    return value <= 0x10_ff_ff ? String.fromCodePoint(value) : cursor.fail('a code point up to \\U0010FFFF');
  }
  const simple = cursor.take(/\\[abfnrtv\\"']/y);
  if (simple === undefined) cursor.fail('an escape that there is (\\n, \\t, \\\\, \\", \\x41, \\u00e9)');
  return SIMPLE[simple.slice(1)] ?? '';
}

/** Text in double, single or back quotes, with Go's escapes but for the last. @throws MisreadError when it does not end */
export function readQuoted(cursor: Cursor): string {
  const raw = cursor.take(/`[^`]*`/y);
  if (raw !== undefined) return raw.slice(1, -1);
  const quote = cursor.take(/["']/y) ?? cursor.fail('text in quotes');
  let text = '';
  while (!cursor.skip(quote)) {
    const plain = cursor.take(quote === '"' ? /[^"\\\n]+/y : /[^'\\\n]+/y);
    if (plain !== undefined) text += plain;
    else if (cursor.text[cursor.at] === '\\') text += escaped(cursor);
    else cursor.fail(`the closing ${quote}`);
  }
  return text;
}
