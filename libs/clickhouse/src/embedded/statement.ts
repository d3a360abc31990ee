/** What a text of SQL is, as far as the HTTP interface must know. */
export interface Statement {
  /** The statement without a trailing semicolon. For an insert with inline data: up to and with `FORMAT name`. */
  readonly sql: string;
  /** More than one statement: refused. */
  readonly several: boolean;
  readonly insert: InsertHead | undefined;
}

/** `INSERT INTO table (columns) FORMAT format`: data follows, in the body or behind the statement. */
export interface InsertHead {
  /** As written, quoted where it was. */
  readonly table: string;
  /** As written, without the brackets; undefined for all columns. */
  readonly columns: string | undefined;
  readonly format: string;
  /** Where inline data begins in the text. */
  readonly dataStart: number;
}

const IDENTIFIER = '(?:`(?:[^`\\\\]|\\\\.)+`|"(?:[^"\\\\]|\\\\.)+"|[A-Za-z_][A-Za-z0-9_]*)';
const INSERT = new RegExp(
  `^\\s*INSERT\\s+INTO\\s+(?:TABLE\\s+)?(${IDENTIFIER}(?:\\s*\\.\\s*${IDENTIFIER})?)\\s*` +
    `(?:\\(([^()]*)\\)\\s*)?FORMAT\\s+([A-Za-z][A-Za-z0-9]*)(?:[ \\t]*;?[ \\t]*(?:\\r?\\n|$)|\\s)`,
  'i',
);

/**
 * Splits what the engine must not see as more than one statement. The engine itself runs several in one call
 * (`SELECT 1; DROP TABLE t`), so this counts them first, by ClickHouse's lexical rules. O(length).
 */
export function readStatement(text: string): Statement {
  const head = INSERT.exec(text);
  if (head !== null) {
    const [whole, table = '', columns, format = ''] = head;
    // `FORMAT Values` may not be fed from a file: such an insert goes to the engine as it is.
    if (format.toLowerCase() !== 'values')
      return { sql: whole.trim(), several: false, insert: { table, columns, format, dataStart: whole.length } };
  }
  const end = endOfFirst(text);
  return {
    sql: text.slice(0, end).trim(),
    several: end < text.length && !isBlank(text.slice(end + 1)),
    insert: undefined,
  };
}

/** The position of the first semicolon outside strings, quoted names and comments, or the length. */
export function endOfFirst(text: string): number {
  for (let at = 0; at < text.length;) {
    const next = skipToken(text, at);
    if (next === at && text[at] === ';') return at;
    at = next === at ? at + 1 : next;
  }
  return text.length;
}

/** Nothing but spaces, comments and semicolons. */
function isBlank(text: string): boolean {
  for (let at = 0; at < text.length;) {
    const comment = skipComment(text, at);
    if (comment > at) at = comment;
    else if (/[\s;]/.test(text[at]!)) at++;
    else return false;
  }
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
