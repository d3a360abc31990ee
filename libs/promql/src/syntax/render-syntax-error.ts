import type { QuerySyntaxError } from '../errors.js';

/** Where in a text something is, both from 1. */
export interface Place {
  readonly line: number;
  /** In UTF-16 units. */
  readonly column: number;
}

/** Characters of the line that are shown: queries on one line may be long. */
const SHOWN = 120;

/** Line and column of a place in a text. @param at UTF-16 units from its beginning */
export function placeOf(text: string, at: number): Place {
  const before = text.slice(0, at);
  return { line: before.split('\n').length, column: at - before.lastIndexOf('\n') };
}

/** As Prometheus' API says it, on one line: `1:3: parse error: unexpected end of input`. */
export function describeSyntaxError(error: QuerySyntaxError, text: string): string {
  const { line, column } = placeOf(text, error.span.from);
  return `${line}:${column}: parse error: ${error.message}`;
}

/**
 * For people: the same, then the line with carets under what is wrong, then what to write instead. Of a long line the part around
 * is shown; control characters, tabs among them, are shown as spaces, so that the carets stand where they should.
 */
export function renderSyntaxError(error: QuerySyntaxError, text: string): string {
  const { from, to } = error.span;
  const { column } = placeOf(text, from);
  const lineStart = from - column + 1;
  const newline = text.indexOf('\n', from);
  const lineEnd = newline < 0 ? text.length : newline;
  const start = Math.max(lineStart, Math.min(from - SHOWN / 2, lineEnd - SHOWN));
  const end = Math.min(lineEnd, start + SHOWN);
  const prefix = start > lineStart ? '…' : '';
  const shown = `${prefix}${text.slice(start, end)}${end < lineEnd ? '…' : ''}`;
  const carets = '^'.repeat(Math.max(1, Math.min(to, end) - from));
  const lines = [
    describeSyntaxError(error, text),
    `  ${shown.replace(/\p{Cc}/gu, ' ')}`,
    `  ${' '.repeat(prefix.length + from - start)}${carets}`,
  ];
  if (error.hint !== undefined) lines.push(`Hint: ${error.hint}`);
  return lines.join('\n');
}
