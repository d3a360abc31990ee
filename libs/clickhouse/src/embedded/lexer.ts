/** The position of the first semicolon from `from` on outside strings, quoted names and comments, or the length. */
export function endOfFirst(text: string, from = 0): number {
  for (let at = from; at < text.length;) {
    const next = skipToken(text, at);
    if (next === at && text[at] === ';') return at;
    at = next === at ? at + 1 : next;
  }
  return text.length;
}

/** Behind the spaces and comments that start at `at`. */
export function skipBlank(text: string, at: number): number {
  for (;;) {
    const comment = skipComment(text, at);
    if (comment > at) at = comment;
    else if (at < text.length && /\s/.test(text[at]!)) at++;
    else return at;
  }
}

/** Nothing but spaces, comments and semicolons from `at` on. */
export function isBlank(text: string, at: number): boolean {
  for (at = skipBlank(text, at); at < text.length; at = skipBlank(text, at + 1)) if (text[at] !== ';') return false;
  return true;
}

/** Behind the string, quoted name, heredoc or comment that starts here, or `at` itself when none does. */
function skipToken(text: string, at: number): number {
  const char = text[at]!;
  if (char === "'" || char === '"' || char === '`') return skipQuoted(text, at, char);
  if (char === '$') {
    const tag = /^\$[A-Za-z0-9_]*\$/.exec(text.slice(at, at + 64))?.[0];
    if (tag !== undefined) {
      const end = text.indexOf(tag, at + tag.length);
      return end < 0 ? text.length : end + tag.length;
    }
  }
  return skipComment(text, at);
}

function skipQuoted(text: string, at: number, quote: string): number {
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === quote) {
      if (text[i + 1] !== quote) return i + 1;
      i++;
    }
  }
  return text.length;
}

function skipComment(text: string, at: number): number {
  if (text.startsWith('--', at) || text.startsWith('#!', at) || text.startsWith('# ', at)) {
    const end = text.indexOf('\n', at);
    return end < 0 ? text.length : end + 1;
  }
  if (text.startsWith('/*', at)) {
    const end = text.indexOf('*/', at + 2);
    return end < 0 ? text.length : end + 2;
  }
  return at;
}
