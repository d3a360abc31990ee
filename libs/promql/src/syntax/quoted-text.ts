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
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))/y;
const PRINTABLE = /[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u;
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

/** Half of a pair of UTF-16 that stands for a byte which is no UTF-8: a text with it is not well formed, as in Go. */
const BYTE_BASE = 0xdc00;

/** One character of UTF-8, and how many bytes it takes; undefined where there is none. */
function characterAt(bytes: Uint8Array, at: number): { readonly text: string; readonly size: number } | undefined {
  for (let size = 1; size <= 4 && at + size <= bytes.length; size++)
    try {
      return { text: utf8.decode(bytes.subarray(at, at + size)), size };
    } catch {
      // So many bytes are no character; one more may be.
    }
  return undefined;
}

/** O(n) */
function textOfBytes(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length;) {
    const character = characterAt(bytes, at);
    text += character?.text ?? String.fromCharCode(BYTE_BASE + (bytes[at] ?? 0));
    at += character?.size ?? 1;
  }
  return text;
}

/**
 * What a quoted text says whose escapes the lexer found right. `\xe2\x82\xac` and octal escapes are bytes of UTF-8; one that is
 * not valid there is kept, as Go does: as half of a pair of UTF-16, from U+DC80 to U+DCFF.
 */
export function unquote(quoted: string): string {
  const inner = quoted.slice(1, -1);
  if (quoted.startsWith('`') || !inner.includes('\\')) return inner;
  let text = '';
  let bytes: number[] = [];
  const endBytes = (): void => {
    if (bytes.length > 0) text += textOfBytes(Uint8Array.from(bytes));
    bytes = [];
  };
  for (let at = 0; at < inner.length;) {
    ESCAPE.lastIndex = at;
    const escape = ESCAPE.exec(inner);
    const byte = escape?.[1] !== undefined ? parseInt(escape[1], 16) : parseInt(escape?.[4] ?? '', 8);
    if (!Number.isNaN(byte)) {
      bytes.push(byte);
    } else {
      endBytes();
      const codePoint = escape?.[2] ?? escape?.[3];
      if (codePoint !== undefined) text += String.fromCodePoint(parseInt(codePoint, 16));
      else text += escape === null ? inner.charAt(at) : (SIMPLE[escape[5] ?? ''] ?? '');
    }
    at += escape === null ? 1 : escape[0].length;
  }
  endBytes();
  return text;
}

const NAMED = new Map(Object.entries(SIMPLE).map(([name, character]) => [character, `\\${name}`]));
NAMED.delete("'");

/** A text in double quotes as Go writes it: what cannot be seen is escaped, everything else is as it is. */
export function quote(text: string): string {
  let quoted = '"';
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const named = NAMED.get(character);
    if (named !== undefined) quoted += named;
    else if (code >= BYTE_BASE + 0x80 && code <= BYTE_BASE + 0xff) quoted += `\\x${(code - BYTE_BASE).toString(16)}`;
    else if (code >= 0xd800 && code <= 0xdfff) quoted += '\ufffd';
    else if (PRINTABLE.test(character)) quoted += character;
    else if (code < 0x80) quoted += `\\x${code.toString(16).padStart(2, '0')}`;
    else if (code < 0x10000) quoted += `\\u${code.toString(16).padStart(4, '0')}`;
    else quoted += `\\U${code.toString(16).padStart(8, '0')}`;
  }
  return `${quoted}"`;
}
