import { EngineError } from './engine-error.js';
import { endOfFirst, isBlank, skipBlank } from './lexer.js';

/** What a text of SQL is, as far as the HTTP interface must know. */
export interface Statement {
  /** Without the semicolon behind it and what comes before. For an insert with data: the part before the data. */
  readonly sql: string;
  /** More than one statement: refused. */
  readonly several: boolean;
  /** Set when data follows. */
  readonly insert: InsertHead | undefined;
}

/** `INSERT INTO table (columns) SETTINGS … FORMAT format`: data follows, behind it or in the body. */
export interface InsertHead {
  /** As written, quoted where it was. */
  readonly table: string;
  /** As written, without the brackets; undefined for all columns. */
  readonly columns: string | undefined;
  readonly settings: readonly (readonly [name: string, value: string])[];
  readonly format: string;
  /** Where data begins in the text. */
  readonly dataStart: number;
}

const NAME = '(?:`(?:[^`\\\\]|\\\\.)+`|"(?:[^"\\\\]|\\\\.)+"|[A-Za-z_][A-Za-z0-9_]*)';
const VALUE = "(?:'(?:[^'\\\\]|\\\\.)*'|[A-Za-z0-9_.+-]+)";
const SETTING = '[A-Za-z_][A-Za-z0-9_]*';
// No alternative starts with what another may start with: one way to match, so no time beyond O(length).
const COLUMNS = '(?:[^()`"]|\\([^()]*\\)|`(?:[^`\\\\]|\\\\.)+`|"(?:[^"\\\\]|\\\\.)+")*';
const HEAD = new RegExp(
  `INSERT\\s+INTO\\s+(?:TABLE\\s+)?(?<table>${NAME}(?:\\s*\\.\\s*${NAME})?)\\s*(?:\\((?<columns>${COLUMNS})\\)\\s*)?` +
    `(?:SETTINGS\\s+(?<settings>${SETTING}\\s*=\\s*${VALUE}(?:\\s*,\\s*${SETTING}\\s*=\\s*${VALUE})*)\\s*)?` +
    `(?:FORMAT\\s+(?<format>[A-Za-z][A-Za-z0-9]*)(?:[ \\t]*;?[ \\t]*(?:\\r?\\n|$)|\\s)|(?<values>VALUES)(?=[\\s(]|$))`,
  'iy',
);
const INSERT_SELECT = new RegExp(
  `INSERT\\s+INTO\\s+(?:TABLE\\s+)?${NAME}(?:\\s*\\.\\s*${NAME})?\\s*(?:\\(${COLUMNS}\\)\\s*)?` +
    `(?:SETTINGS\\s[^;]*?)?\\(*\\s*(?:SELECT|WITH)\\b`,
  'iy',
);

/**
 * Tells an insert with data from all else, and one statement from several: the engine runs several in one call
 * (`SELECT 1; DROP TABLE t`), and takes what follows the data of an insert for a statement, too. O(length).
 *
 * @throws EngineError for an insert of a form that could carry data in its text.
 */
export function readStatement(text: string): Statement {
  const start = skipBlank(text, 0);
  const end = endOfFirst(text, start);
  const plain = { sql: text.slice(start, end).trim(), several: !isBlank(text, end), insert: undefined };
  if (!/^INSERT\b/i.test(text.slice(start, start + 7))) return plain;
  const head = matchAt(HEAD, text, start);
  if (head === undefined) {
    // `SELECT … FROM input(…) FORMAT CSV` carries data, too; the two words together are refused wherever they stand.
    const carriesData = /\binput\b/i.test(text) && /\bFORMAT\b/i.test(text);
    if (!carriesData && matchAt(INSERT_SELECT, text, start) !== undefined) return plain;
    throw new EngineError(
      62,
      'SYNTAX_ERROR',
      'This interface takes INSERT INTO table (columns) FORMAT name, VALUES, or INSERT INTO table SELECT.',
    );
  }
  const { table = '', columns, settings = '', format = 'Values' } = head.groups ?? {};
  return {
    sql: head[0].trim(),
    several: false,
    insert: { table, columns, settings: assignments(settings), format, dataStart: start + head[0].length },
  };
}

/** The format that a statement asks for at its end, for the answer's headers. */
export function formatClause(sql: string): string | undefined {
  return /\bFORMAT\s+`?([A-Za-z][A-Za-z0-9]*)`?\s*(?:SETTINGS\s[^']*)?$/i.exec(sql)?.[1];
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}

function assignments(text: string): [string, string][] {
  return [...text.matchAll(new RegExp(`(${SETTING})\\s*=\\s*(${VALUE})`, 'g'))].map(([, name = '', value = '']) => [
    name,
    value.startsWith("'") ? value.slice(1, -1).replaceAll(/\\(.)/g, '$1') : value,
  ]);
}
