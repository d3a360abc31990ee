import { UnreachableError } from '../command/errors.js';
import type { Answer, Host, Invocation, OptionSpecs } from '../command/command.js';
import { UsageError } from '../command/errors.js';
import { EXIT } from '../command/exit-codes.js';
import { shortened } from '../command/table.js';
import { positiveNumber } from '../command/values.js';
import { say, type Terminal } from '../command/terminal.js';

export const WATCH_OPTIONS: OptionSpecs = {
  watch: {
    type: 'boolean',
    help: 'Draw it again and again, as much of it as the window has room for, until Ctrl-C, which ends it with exit code 0.',
  },
  interval: { type: 'string', placeholder: 'SECONDS', help: 'Time between two looks of --watch.', fallback: '2' },
};

/** What was seen, in both forms. */
export interface Look {
  readonly json: unknown;
  /** For people, in lines no longer than so many columns; `Infinity`: whole. */
  text(columns: number): string;
}

const [HOME, REST_OF_LINE, REST_OF_SCREEN] = ['\u001B[H', '\u001B[K', '\u001B[J'];

/**
 * One look, or with --watch looks until the signal: frames go to the terminal, the last one is the answer.
 * A server that goes away meanwhile is waited for; one that never answered is an error, as without --watch.
 */
export async function watched(invocation: Invocation, host: Host, look: () => Promise<Look>): Promise<Answer> {
  const { terminal, clock, signal } = host;
  const intervalMs = (positiveNumber(invocation, 'interval') ?? 2) * 1_000;
  if (!invocation.flag('watch')) return answerOf(await look(), host);
  if (invocation.json)
    throw new UsageError('--watch draws for people, --json answers once.', 'Leave one of the two out.');
  let last = await look();
  let title = titleOf(clock.now());
  const follow = terminal.interactive ? terminal.onResize?.(() => draw(terminal, title, last)) : undefined;
  try {
    for (;;) {
      draw(terminal, title, last);
      await clock.sleep(intervalMs, signal);
      try {
        last = await look();
        title = titleOf(clock.now());
      } catch (error) {
        if (!(error instanceof UnreachableError)) throw error;
        title = titleOf(clock.now(), error.message);
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    // What was drawn last comes again as the answer.
    if (terminal.interactive) terminal.write(`${HOME}${REST_OF_SCREEN}`);
    return answerOf(last, host);
  } finally {
    follow?.();
  }
}

/** Cut to the window that it is shown in, and nowhere else. */
function answerOf(look: Look, { stdoutColumns = Infinity }: Host): Answer {
  return { exitCode: EXIT.ok, json: look.json, text: look.text(stdoutColumns) };
}

function titleOf(now: number, trouble?: string): string {
  const when = new Date(now).toISOString().replace(/\.\d+/, '');
  return `${when}${trouble === undefined ? '' : `  ${trouble} Shown is what was last known.`}`;
}

function draw(terminal: Terminal, title: string, look: Look): void {
  if (!terminal.interactive) return say(terminal, `${title}\n\n${look.text(Infinity)}\n`);
  // One column is left: of a line that fills the last one, terminals wipe its end with the rest.
  const window = { columns: Math.max(1, terminal.columns - 1), rows: Math.max(1, terminal.rows) };
  const lines = [title, '', ...look.text(window.columns).split('\n')];
  // Line by line over the last frame: a screen that is wiped first would flicker. No line feed behind the last line: it would
  // push the first one out.
  const frame = fitting(lines, window).map((line) => `${line}${REST_OF_LINE}`);
  terminal.write(`${HOME}${frame.join('\n')}${REST_OF_SCREEN}`);
}

/** As much of the lines as a window has room for; the last one says what is left out. Pure. */
export function fitting(lines: readonly string[], { columns, rows }: Pick<Terminal, 'columns' | 'rows'>): string[] {
  const shown = lines.slice(0, lines.length <= rows ? rows : rows - 1);
  const more = lines.length - shown.length;
  return [
    ...shown,
    ...(more === 0 ? [] : [`… ${more} more lines: a higher window shows them, or the same without --watch.`]),
  ].map((line) => shortened(line, columns));
}
