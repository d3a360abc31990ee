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
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * What a quoted text says whose escapes the lexer found right. `\xe2\x82\xac` and octal escapes are bytes of UTF-8: what is not
 * valid there reads as U+FFFD, where Go keeps the byte, since our texts are Unicode.
 */
export function unquote(quoted: string): string {
  const inner = quoted.slice(1, -1);
  if (quoted.startsWith('`') || !inner.includes('\\')) return inner;
  let text = '';
  let bytes: number[] = [];
  const endBytes = (): void => {
    if (bytes.length > 0) text += utf8.decode(Uint8Array.from(bytes));
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
    else if (code >= 0xd800 && code <= 0xdfff) quoted += '\ufffd';
    else if (PRINTABLE.test(character)) quoted += character;
    else if (code < 0x80) quoted += `\\x${code.toString(16).padStart(2, '0')}`;
    else if (code < 0x10000) quoted += `\\u${code.toString(16).padStart(4, '0')}`;
    else quoted += `\\U${code.toString(16).padStart(8, '0')}`;
  }
  return `${quoted}"`;
}
