const SPACE = /[ \t\n\r]*/y;
const DIGITS = /\d+/y;
const HEX = '0123456789abcdefABCDEF';
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Below it are control characters, which strings hold escaped only. */
const FIRST_PLAIN = 0x20;

/**
 * Where a text stops being JSON: the offset of the first character that no JSON has there, or its length when it ends too
 * early; undefined for JSON. `JSON.parse` says so for some faults only, and repeats what was sent. Not recursive; read once,
 * from the left, and only when parsing has failed.
 */
export function jsonFault(text: string): number | undefined {
  let at = 0;
  const is = (characters: string) => at < text.length && characters.includes(text[at]!);
  const take = (characters: string) => {
    if (!is(characters)) return false;
    at++;
    return true;
  };
  const takeAll = (pattern: RegExp) => {
    pattern.lastIndex = at;
    if (!pattern.test(text)) return false;
    at = pattern.lastIndex;
    return true;
  };
  const takeWord = (word: string) => [...word].every(take);
  // Each of these leaves `at` behind what it stands for, or at the first character that is wrong.
  const takeNumber = () => {
    take('-');
    if (!take('0') && !takeAll(DIGITS)) return false;
    if (take('.') && !takeAll(DIGITS)) return false;
    if (!take('eE')) return true;
    take('+-');
    return takeAll(DIGITS);
  };
  const takeEscape = () => take('"\\/bfnrt') || (take('u') && take(HEX) && take(HEX) && take(HEX) && take(HEX));
  const takeString = () => {
    if (!take('"')) return false;
    for (;;) {
      const code = text.charCodeAt(at);
      // Also at the end, where it is not a number.
      if (!(code >= FIRST_PLAIN)) return false;
      at++;
      if (code === QUOTE) return true;
      if (code === BACKSLASH && !takeEscape()) return false;
    }
  };
  const takeScalar = () => {
    if (is('"')) return takeString();
    if (is('t')) return takeWord('true');
    if (is('f')) return takeWord('false');
    if (is('n')) return takeWord('null');
    return takeNumber();
  };

  /** For each object and list that is open, whether it is an object. */
  const objects = new Uint8Array(text.length);
  let depth = 0;
  let due: 'value' | 'value or ]' | 'key' | 'key or }' | 'more' = 'value';
  for (;;) {
    takeAll(SPACE);
    if (due === 'more') {
      if (depth === 0) return at === text.length ? undefined : at;
      const inObject = objects[depth - 1] === 1;
      if (take(',')) due = inObject ? 'key' : 'value';
      else if (take(inObject ? '}' : ']')) depth--;
      else return at;
    } else if ((due === 'value or ]' && take(']')) || (due === 'key or }' && take('}'))) {
      depth--;
      due = 'more';
    } else if (due === 'key' || due === 'key or }') {
      if (!takeString()) return at;
      takeAll(SPACE);
      if (!take(':')) return at;
      due = 'value';
    } else if (take('{')) {
      objects[depth++] = 1;
      due = 'key or }';
    } else if (take('[')) {
      objects[depth++] = 0;
      due = 'value or ]';
    } else {
      if (!takeScalar()) return at;
      due = 'more';
    }
  }
}
