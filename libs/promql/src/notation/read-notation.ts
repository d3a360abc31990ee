import { Cursor, MisreadError } from './cursor.js';
import { durationOf, patternOf, readExpectLine, timeRangeOf, type Draft } from './expect-line.js';
import { NotationError } from './notation-error.js';
import { parseNumber } from './number.js';
import { readSeriesLine, type SeriesLine } from './series-line.js';
import type { Command, EvalCommand, LoadCommand } from './script.js';

const LOAD = /^load(_with_nhcb)?\s+(\S+)$/;
const INSTANT = /^eval(?:_(fail|warn|ordered|info))?\s+instant\s+at\s+(\S+)\s+(.+)$/;
const RANGE = /^eval(?:_(fail|warn|info))?\s+range\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)\s+(.+)$/;

/** The lines that follow a command, up to an empty one; comments are empty. */
class Lines {
  readonly #lines: readonly string[];
  /** Of the line that comes next, from 0. */
  at = 0;

  constructor(text: string) {
    this.#lines = text.split('\n').map((line) => {
      const trimmed = line.trim();
      return trimmed.startsWith('#') ? '' : trimmed;
    });
  }

  get isAtEnd(): boolean {
    return this.at >= this.#lines.length;
  }

  next(): string {
    return this.#lines[this.at++] ?? '';
  }

  *block(): Generator<string> {
    while (!this.isAtEnd) {
      const line = this.next();
      if (line === '') return;
      yield line;
    }
  }
}

function readSeries(line: string): SeriesLine {
  return readSeriesLine(new Cursor(line));
}

function readLoad(command: string, lines: Lines): LoadCommand {
  const [, nhcb, step = ''] = LOAD.exec(command) ?? [];
  if (step === '') throw new MisreadError('write load or load_with_nhcb, and a step: load 5m');
  const line = lines.at;
  const stepMs = durationOf(step);
  // A series that is written twice is what the last line says.
  const series = new Map<string, SeriesLine>();
  for (const text of lines.block()) {
    // When a counter began is known only with a feature that is off: the samples are the same without.
    if (/^\S*@st\s/.test(text)) continue;
    const read = readSeries(text);
    series.set(read.labels.key, read);
  }
  return { kind: 'load', line, stepMs, withCustomBuckets: nhcb !== undefined, series: [...series.values()] };
}

function readTimes(command: string): Pick<EvalCommand, 'query' | 'times'> & { readonly mode: string | undefined } {
  const instant = INSTANT.exec(command);
  if (instant !== null) {
    const [, mode, at = '', query = ''] = instant;
    return { mode, query, times: { at: durationOf(at) } };
  }
  const range = RANGE.exec(command);
  if (range === null) {
    throw new MisreadError('write eval instant at TIME QUERY, or eval range from START to END step STEP QUERY');
  }
  const [, mode, from = '', to = '', step = '', query = ''] = range;
  return { mode, query, times: timeRangeOf(from, to, step) };
}

/** Whether the line says what an error is like, in the older form; it is the last of its block. */
function readFailMessage(line: string, draft: Draft): boolean {
  const [, form, text = ''] = /^expected_fail_(message|regexp)\s*(.*)$/.exec(line) ?? [];
  if (form === undefined || draft.fail === undefined) return false;
  draft.fail = patternOf(form === 'message' ? 'message' : 'regex', text);
  return true;
}

function readEval(command: string, lines: Lines): EvalCommand {
  const line = lines.at;
  const { mode, query, times } = readTimes(command);
  const series = new Map<string, SeriesLine>();
  const draft: Draft = {
    warnings: [],
    infos: [],
    someWarning: mode === 'warn',
    someInfo: mode === 'info',
    noWarnings: false,
    noInfos: false,
    ordered: mode === 'ordered',
    series: [],
    ...(mode === 'fail' ? { fail: { kind: 'any' } as const } : {}),
  };
  for (const text of lines.block()) {
    if (readFailMessage(text, draft)) break;
    if (/^expect(\s|$)/.test(text)) {
      readExpectLine(text, draft);
      continue;
    }
    const scalar = parseNumber(text);
    if (scalar !== undefined) {
      draft.scalar = scalar;
      break;
    }
    const read = readSeries(text);
    if ('at' in times && draft.rangeVector === undefined && read.values.length > 1) {
      throw new MisreadError(
        'an instant query gives one value: write one, or expect range vector from … to … step … before',
      );
    }
    series.set(read.labels.key, read);
  }
  const { rangeVector, ...expected } = draft;
  return {
    kind: 'eval',
    line,
    query,
    times,
    ...(rangeVector === undefined ? {} : { rangeVector }),
    expected: { ...expected, series: [...series.values()] },
  };
}

function readCommand(command: string, lines: Lines): Command {
  const word = (/^\S+/.exec(command)?.[0] ?? '').toLowerCase();
  if (word === 'clear') return { kind: 'clear', line: lines.at };
  if (word.startsWith('load')) return readLoad(command, lines);
  if (word.startsWith('eval')) return readEval(command, lines);
  throw new MisreadError(`"${command.slice(0, 40)}" is no command: write load, clear or eval`);
}

/**
 * Reads a script in Prometheus' notation for tests of PromQL: `load`, `clear` and `eval` with what they expect, each block
 * up to an empty line or a comment. Older forms (`eval_fail`, `expected_fail_message` …) are read, too.
 * @throws NotationError with the line, and what to write there
 */
export function readNotation(text: string): readonly Command[] {
  const lines = new Lines(text);
  const commands: Command[] = [];
  while (!lines.isAtEnd) {
    const command = lines.next();
    if (command === '') continue;
    try {
      commands.push(readCommand(command, lines));
    } catch (error) {
      if (error instanceof MisreadError) throw new NotationError(lines.at, error.message);
      throw error;
    }
  }
  return commands;
}
