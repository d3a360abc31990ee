/** A half of a pair of surrogates, with or without its other half. */
const SURROGATE = /[\ud800-\udfff]/;

/**
 * A text as bytes: UTF-8, but that surrogates are written one by one, as in CESU-8. So texts with half a pair have bytes,
 * too, no two texts have the same, and the bytes begin with those of a prefix exactly when the text begins with it.
 */
export function toBytes(text: string): Buffer {
  if (!SURROGATE.test(text)) return Buffer.from(text);
  const parts: Buffer[] = [];
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0xd800 || unit > 0xdfff) continue;
    if (at > from) parts.push(Buffer.from(text.slice(from, at)));
    parts.push(Buffer.of(0xed, 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f)));
    from = at + 1;
  }
  parts.push(Buffer.from(text.slice(from)));
  return Buffer.concat(parts);
}

/** The text that bytes of `toBytes` stand for. */
export function fromBytes(bytes: Buffer): string {
  let text = '';
  let from = 0;
  // 0xed is never a later byte of a character; up to 0x9f it begins an ordinary one.
  for (let at = bytes.indexOf(0xed); at !== -1; at = bytes.indexOf(0xed, at + 1)) {
    if (at + 2 >= bytes.length || bytes[at + 1]! < 0xa0) continue;
    text += bytes.toString('utf8', from, at);
    text += String.fromCharCode(0xd000 | ((bytes[at + 1]! & 0x3f) << 6) | (bytes[at + 2]! & 0x3f));
    from = at + 3;
  }
  return text + bytes.toString('utf8', from);
}
