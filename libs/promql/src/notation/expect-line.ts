import { RE2JS } from 're2js';
import { Cursor, MisreadError } from './cursor.js';
import { parseDurationMs } from './duration.js';
import { readQuoted } from './quoted.js';
import type { Expectations, MessagePattern, TimeRange } from './script.js';

/** Expectations while they are read. */
export type Draft = { -readonly [K in keyof Expectations]: Expectations[K] } & {
  warnings: MessagePattern[];
  infos: MessagePattern[];
  rangeVector?: TimeRange;
};

const EXPECT = /^expect\s+(ordered|fail|warn|no_warn|info|no_info)(?:\s+(regex|msg):(.+))?$/;
const RANGE = /^expect\s+range\s+vector\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)$/;

/** @throws MisreadError when the expression is none */
export function patternOf(kind: 'message' | 'regex', text: string): MessagePattern {
  if (kind === 'regex') {
    try {
      RE2JS.compile(text);
    } catch (error) {
      throw new MisreadError(
        `the regular expression is none: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
  return { kind, text };
}

/** @throws MisreadError when one is no duration, or the range ends before it starts */
export function timeRangeOf(from: string, to: string, step: string): TimeRange {
  const start = durationOf(from);
  const end = durationOf(to);
  const stepMs = durationOf(step);
  if (end < start) throw new MisreadError(`the range ends (${to}) before it starts (${from})`);
  if (stepMs === 0) throw new MisreadError('the step is 0: write one like 1m');
  return { start, end, stepMs };
}

/** @throws MisreadError when it is no duration */
export function durationOf(text: string): number {
  const duration = parseDurationMs(text);
  if (duration === undefined) throw new MisreadError(`"${text}" is no duration: write one like 5m, 1h30m or 0`);
  return duration;
}

/** Takes in a line that begins with `expect`. @throws MisreadError */
export function readExpectLine(line: string, draft: Draft): void {
  const range = RANGE.exec(line);
  if (range !== null) {
    const [, from = '', to = '', step = ''] = range;
    draft.rangeVector = timeRangeOf(from, to, step);
    return;
  }
  if (/^expect\s+string(\s|$)/.test(line)) {
    const cursor = new Cursor(line);
    cursor.take(/expect\s+string\s*/y);
    draft.text = readQuoted(cursor);
    if (!cursor.isAtEnd) cursor.fail('the end of the line');
    return;
  }
  const parts = EXPECT.exec(line);
  if (parts === null) {
    throw new MisreadError(
      'write expect and one of ordered, fail, warn, no_warn, info, no_info, string "…", range vector from … to … step …; ' +
        'behind fail, warn and info there may be msg: or regex:',
    );
  }
  const [, type = '', kind, text = ''] = parts;
  const pattern: MessagePattern =
    kind === undefined ? { kind: 'any' } : patternOf(kind === 'msg' ? 'message' : 'regex', text.trim());
  take(draft, type, pattern);
}

function take(draft: Draft, type: string, pattern: MessagePattern): void {
  if (type === 'ordered') draft.ordered = true;
  else if (type === 'warn') draft.warnings.push(pattern);
  else if (type === 'info') draft.infos.push(pattern);
  else if (type === 'no_warn') draft.noWarnings = true;
  else if (type === 'no_info') draft.noInfos = true;
  else if (draft.fail !== undefined) throw new MisreadError('there are two lines of expect fail: write one');
  else draft.fail = pattern;
  if (draft.noWarnings && draft.warnings.length > 0) throw new MisreadError('warn and no_warn exclude each other');
  if (draft.noInfos && draft.infos.length > 0) throw new MisreadError('info and no_info exclude each other');
}
