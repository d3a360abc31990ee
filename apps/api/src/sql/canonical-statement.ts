import { denied, SqlError } from './sql-error.js';

/**
 * A statement as ClickHouse's own formatter writes it (`formatQuerySingleLine`), without its clauses for format and
 * settings, which travel apart. In that form there are no comments, no heredocs, and one way to quote, so that what is read
 * here is what ClickHouse reads.
 */
export interface CanonicalStatement {
  readonly sql: string;
  readonly format: string | undefined;
  readonly settings: readonly (readonly [name: string, value: string])[];
  /** Names of parameters of type Identifier. */
  readonly identifierParameters: readonly string[];
}

interface Token {
  readonly kind: 'word' | 'string' | 'name' | 'number' | 'mark';
  readonly text: string;
  readonly start: number;
  /** How many brackets are open around it. */
  readonly depth: number;
}

const TOKEN =
  /\s+|(?<string>'(?:[^'\\]|\\[^])*')|(?<name>`(?:[^`\\]|\\[^])*`|"(?:[^"\\]|\\[^])*")|(?<word>[A-Za-z_][A-Za-z0-9_]*)|(?<number>\d[A-Za-z0-9_.]*)|(?<mark>[^])/y;

/** @throws SqlError when it writes a file, or holds what is not read here. O(length). */
export function readCanonical(text: string): CanonicalStatement {
  const tokens = tokenize(text);
  for (const { kind, text: word } of tokens) {
    if (kind === 'word' && word === 'OUTFILE')
      throw denied(
        'INTO OUTFILE writes a file on the server, which is refused. Send the answer to a file of your own.',
      );
    // The syntax tree is checked as text, a line a node: no name may break a line.
    if (kind === 'name' && word.includes('\\'))
      throw denied(`The name ${word} holds characters that are not taken here. Choose a plain name.`);
  }
  const clauses = takeClauses(tokens);
  const first = tokens[clauses.start];
  return {
    sql: (first === undefined ? text : text.slice(0, first.start)).trimEnd(),
    format: clauses.format,
    settings: clauses.settings,
    identifierParameters: tokens.flatMap(({ text: word, kind }, at) =>
      kind === 'word' &&
      tokens[at - 1]?.text === '{' &&
      tokens[at + 1]?.text === ':' &&
      tokens[at + 2]?.text === 'Identifier'
        ? [word]
        : [],
    ),
  };
}

interface Clauses {
  /** The token where they start. */
  readonly start: number;
  readonly format: string | undefined;
  readonly settings: readonly (readonly [string, string])[];
}

/** The clauses at the end of the statement, in either order. */
function takeClauses(tokens: readonly Token[]): Clauses {
  let start = tokens.length;
  let format: string | undefined;
  let settings: readonly (readonly [string, string])[] = [];
  const takeFormat = () => {
    const name = tokens[start - 1];
    if (format !== undefined || !isClause(tokens[start - 2], 'FORMAT') || name === undefined || name.depth > 0) return;
    // The formatter quotes those that are words of SQL too: FORMAT `Null`, FORMAT `Values`.
    if (name.kind !== 'word' && name.kind !== 'name') return;
    format = name.kind === 'name' ? name.text.slice(1, -1) : name.text;
    start -= 2;
  };
  takeFormat();
  const at = tokens.findIndex((token, i) => i < start && isClause(token, 'SETTINGS') && tokens[i + 2]?.text === '=');
  if (at >= 0) {
    settings = readSettings(tokens.slice(at + 1, start));
    start = at;
    takeFormat();
  }
  return { start, format, settings };
}

function isClause(token: Token | undefined, word: string): boolean {
  return token?.kind === 'word' && token.text === word && token.depth === 0;
}

function readSettings(tokens: readonly Token[]): [string, string][] {
  const settings: [string, string][] = [];
  for (let at = 0; at < tokens.length; at += 4) {
    const [name, equals, value, comma] = tokens.slice(at, at + 4);
    const plain = value?.kind === 'string' || value?.kind === 'number' || value?.kind === 'word';
    if (name?.kind !== 'word' || equals?.text !== '=' || !plain || (comma !== undefined && comma.text !== ','))
      throw new SqlError('SYNTAX_ERROR', 'SETTINGS are taken at the end of the statement only, with plain values.');
    settings.push([name.text, value.kind === 'string' ? unquoted(value.text) : value.text]);
  }
  return settings;
}

function unquoted(text: string): string {
  return text.slice(1, -1).replaceAll(/\\([^])/g, '$1');
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let depth = 0;
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
    const [whole] = match;
    const kind = (['string', 'name', 'word', 'number', 'mark'] as const).find(
      (one) => match.groups?.[one] !== undefined,
    );
    if (kind === undefined) continue;
    if (kind === 'mark' && /[)\]}]/.test(whole)) depth--;
    tokens.push({ kind, text: whole, start: match.index, depth });
    if (kind === 'mark' && /[([{]/.test(whole)) depth++;
  }
  return tokens;
}
