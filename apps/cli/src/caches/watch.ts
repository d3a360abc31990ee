import { UnreachableError } from '../command/errors.js';
import type { Answer, Host, Invocation, OptionSpecs } from '../command/command.js';
import { UsageError } from '../command/errors.js';
import { EXIT } from '../command/exit-codes.js';
import { positiveNumber } from '../command/values.js';
import { say } from '../command/terminal.js';

export const WATCH_OPTIONS: OptionSpecs = {
  watch: { type: 'boolean', help: 'Draw it again and again until Ctrl-C, which ends it with exit code 0.' },
  interval: { type: 'string', placeholder: 'SECONDS', help: 'Time between two looks of --watch.', fallback: '2' },
};

const [HOME, REST_OF_LINE, REST_OF_SCREEN] = ['\u001B[H', '\u001B[K', '\u001B[J'];

/**
 * One look, or with --watch looks until the signal: frames go to the terminal, the last one is the answer.
 * A server that goes away meanwhile is waited for; one that never answered is an error, as without --watch.
 */
export async function watched(invocation: Invocation, host: Host, look: () => Promise<Answer>): Promise<Answer> {
  const intervalMs = (positiveNumber(invocation, 'interval') ?? 2) * 1_000;
  if (!invocation.flag('watch')) return look();
  if (invocation.json)
    throw new UsageError('--watch draws for people, --json answers once.', 'Leave one of the two out.');
  let last = await look();
  let trouble: string | undefined;
  try {
    for (;;) {
      draw(host, last.text, trouble);
      await host.clock.sleep(intervalMs, host.signal);
      try {
        last = await look();
        trouble = undefined;
      } catch (error) {
        if (!(error instanceof UnreachableError)) throw error;
        trouble = error.message;
      }
    }
  } catch (error) {
    if (!host.signal.aborted) throw error;
    // What was drawn last comes again as the answer.
    if (host.terminal.interactive) host.terminal.write(`${HOME}${REST_OF_SCREEN}`);
    return { ...last, exitCode: EXIT.ok };
  }
}

function draw({ terminal, clock }: Host, text: string, trouble: string | undefined): void {
  const when = new Date(clock.now()).toISOString().replace(/\.\d+/, '');
  const frame = [`${when}${trouble === undefined ? '' : `  ${trouble} Shown is what was last known.`}`, '', text];
  const lines = frame.join('\n').split('\n');
  if (!terminal.interactive) return say(terminal, `${lines.join('\n')}\n`);
  // Line by line over the last frame: a screen that is wiped first would flicker.
  terminal.write(`${HOME}${lines.map((line) => `${line}${REST_OF_LINE}\n`).join('')}${REST_OF_SCREEN}`);
}
