import { CliError } from '../command/errors.js';
import { EXIT } from '../command/exit-codes.js';

/** One access of a trace. */
export interface TraceAccess {
  readonly key: string;
  /** Bytes, when the trace says so. */
  readonly size: number | undefined;
  /** Milliseconds since the trace's own start of time, when the trace says so. */
  readonly timeMs: number | undefined;
}

export const TRACE_FORMATS = ['auto', 'keys', 'csv', 'tsv'] as const;
export type TraceFormat = (typeof TRACE_FORMATS)[number];

/** Milliseconds per unit of the time column. */
export const TIME_UNITS = { s: 1_000, ms: 1, us: 1e-3, ns: 1e-6 } as const;
export type TimeUnit = keyof typeof TIME_UNITS;

export interface TraceOptions {
  readonly format: TraceFormat;
  /** Unit of the time column; default: what its name says (`time_s`, `time_us` …), else ms. */
  readonly timeUnit?: TimeUnit | undefined;
}

export class TraceError extends CliError {
  constructor(line: number, message: string) {
    super(
      'TRACE',
      `Line ${line} of the trace: ${message}`,
      EXIT.failed,
      'A trace has one key per line, or columns key, size and time separated by commas or tabs; --format says which. A first line that names the columns starts with #.',
    );
  }
}

/** Longest line, in UTF-16 units: what bounds the memory when a quote is never closed. */
export const MAX_LINE_LENGTH = 1_048_576;

/** Which column holds what, and in which unit. */
interface Columns {
  readonly separator: string | undefined;
  readonly key: number;
  readonly size: number;
  readonly time: number;
  readonly timeFactor: number;
}

const KEY_NAMES = ['key', 'id', 'obj', 'obj_id', 'object'];
const SIZE_NAMES = ['size', 'bytes', 'obj_size'];
const TIME_NAME = /^(?:time|timestamp|ts)(?:_(s|ms|us|ns))?$/;

/**
 * Reads a trace that comes in pieces cut anywhere; keeps at most one unfinished line.
 * The first line may be a header that starts with `#`; of a table, also one that names a column `key` or `id`.
 * Fields may be quoted as RFC 4180 has it. Empty lines are left out. O(1) memory, one pass.
 */
export class TraceParser {
  readonly #options: TraceOptions;
  #columns: Columns | undefined;
  #rest = '';
  #line = 0;

  constructor(options: TraceOptions) {
    this.#options = options;
  }

  /** @returns the accesses whose lines are complete. @throws TraceError */
  push(text: string): TraceAccess[] {
    const buffer = this.#rest + text;
    const accesses: TraceAccess[] = [];
    let start = 0;
    // Where the next quote is, looked up once for all lines before it: most traces hold none.
    let quote = this.#mayQuote ? buffer.indexOf('"') : -1;
    for (;;) {
      let end = buffer.indexOf('\n', start);
      if (quote !== -1 && quote < start) quote = buffer.indexOf('"', start);
      if (quote !== -1 && quote < end && this.#mayQuote)
        end = quotedLineEnd(buffer, start, quote, this.#columns?.separator);
      if (end === -1) break;
      this.#take(buffer.slice(start, end), accesses);
      start = end + 1;
    }
    this.#rest = buffer.slice(start);
    if (this.#rest.length > MAX_LINE_LENGTH)
      throw new TraceError(this.#line + 1, `it is longer than ${MAX_LINE_LENGTH} characters.`);
    return accesses;
  }

  /** The last line, when it has no line feed. @throws TraceError */
  end(): TraceAccess[] {
    const accesses: TraceAccess[] = [];
    if (this.#rest.length > 0) this.#take(this.#rest, accesses);
    this.#rest = '';
    return accesses;
  }

  /** Whether fields may be quoted, as far as is known yet. */
  get #mayQuote(): boolean {
    return this.#columns === undefined ? this.#options.format !== 'keys' : this.#columns.separator !== undefined;
  }

  #take(raw: string, accesses: TraceAccess[]): void {
    this.#line += 1;
    let line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    if (this.#line === 1 && line.startsWith('\uFEFF')) line = line.slice(1);
    if (line === '') return;
    if (this.#columns === undefined) {
      const { columns, isHeader } = columnsOf(line, this.#options);
      this.#columns = columns;
      if (isHeader) return;
    }
    accesses.push(this.#access(line, this.#columns));
  }

  #access(line: string, { separator, key, size, time, timeFactor }: Columns): TraceAccess {
    if (separator === undefined) return { key: line, size: undefined, timeMs: undefined };
    const fields = line.includes('"') ? this.#quotedFields(line, separator) : line.split(separator);
    const name = fields[key];
    if (name === undefined || name === '') throw new TraceError(this.#line, 'there is no key.');
    return {
      key: name,
      size: this.#number(fields[size], 'size', 1, true),
      timeMs: this.#number(fields[time], 'time', timeFactor, false),
    };
  }

  #number(text: string | undefined, what: string, factor: number, whole: boolean): number | undefined {
    if (text === undefined || text === '') return undefined;
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value) || value < 0 || (whole && !Number.isSafeInteger(value)))
      throw new TraceError(this.#line, `${JSON.stringify(text.slice(0, 40))} is not a ${what}.`);
    return value * factor;
  }

  #quotedFields(line: string, separator: string): string[] {
    const fields: string[] = [];
    for (let at = 0; ;) {
      if (line[at] !== '"') {
        const next = line.indexOf(separator, at);
        fields.push(next === -1 ? line.slice(at) : line.slice(at, next));
        if (next === -1) return fields;
        at = next + 1;
        continue;
      }
      let field = '';
      for (at += 1; ;) {
        const quote = line.indexOf('"', at);
        if (quote === -1) throw new TraceError(this.#line, 'a quoted field does not end.');
        field += line.slice(at, quote);
        at = quote + 1;
        if (line[at] !== '"') break;
        field += '"';
        at += 1;
      }
      fields.push(field);
      if (at === line.length) return fields;
      if (line[at] !== separator) throw new TraceError(this.#line, 'text follows a quoted field.');
      at += 1;
    }
  }
}

/**
 * The line feed that ends the line at `start`, whose first quote is given; -1 when there is none yet. A line feed inside
 * quotes belongs to the field; a quote within a bare field is text. O(length of the line).
 */
function quotedLineEnd(buffer: string, start: number, firstQuote: number, separator: string | undefined): number {
  let closed = -1;
  for (let quote = firstQuote; ;) {
    const before = buffer[quote - 1];
    const first = separator === undefined ? before === ',' || before === '\t' : before === separator;
    if (quote === start || first || (closed !== -1 && closed === quote - 1)) {
      closed = buffer.indexOf('"', quote + 1);
      if (closed === -1) return -1;
    }
    const from = Math.max(quote, closed) + 1;
    const end = buffer.indexOf('\n', from);
    const next = buffer.indexOf('"', from);
    if (end === -1 || next === -1 || next > end) return end;
    quote = next;
  }
}

/** What the first line that is not empty says about the columns. */
function columnsOf(line: string, { format, timeUnit }: TraceOptions): { columns: Columns; isHeader: boolean } {
  const separator =
    format === 'csv' ? ',' : format === 'tsv' ? '\t' : format === 'keys' ? undefined : guessSeparator(line);
  const marked = line.startsWith('#');
  const unitFactor = TIME_UNITS[timeUnit ?? 'ms'];
  if (separator === undefined)
    return { columns: { separator, key: 0, size: -1, time: -1, timeFactor: unitFactor }, isHeader: marked };
  const names = line
    .replace(/^#/, '')
    .split(separator)
    .map((name) => name.trim().replaceAll('"', '').toLowerCase());
  const named = KEY_NAMES.includes(names[0]!) || (names.some((name) => KEY_NAMES.includes(name)) && !isSize(names[1]));
  if (!marked && !named)
    return { columns: { separator, key: 0, size: 1, time: 2, timeFactor: unitFactor }, isHeader: false };
  const time = names.findIndex((name) => TIME_NAME.test(name));
  const unit = TIME_NAME.exec(names[time] ?? '')?.[1] as TimeUnit | undefined;
  return {
    columns: {
      separator,
      key: Math.max(
        0,
        names.findIndex((name) => KEY_NAMES.includes(name)),
      ),
      size: names.findIndex((name) => SIZE_NAMES.includes(name)),
      time,
      timeFactor: TIME_UNITS[timeUnit ?? unit ?? 'ms'],
    },
    isHeader: true,
  };
}

/** Whether a field of the first line can be a size: then the line may be an access whose key happens to be `id`. */
function isSize(field: string | undefined): boolean {
  return field === undefined || field === '' || Number.isFinite(Number(field));
}

function guessSeparator(line: string): string | undefined {
  return line.includes('\t') ? '\t' : line.includes(',') ? ',' : undefined;
}
