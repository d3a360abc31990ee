import type { Host } from '../../command/command.js';
import { CliError } from '../../command/errors.js';
import { EXIT } from '../../command/exit-codes.js';
import { say } from '../../command/terminal.js';
import { renderReport, touched, type ActionReport } from './outcome.js';

/** Shows what would happen, and asks who sits there. @throws CliError NOT_CONFIRMED */
export async function mustAgree(would: ActionReport, host: Host): Promise<void> {
  const { action, service, cache, instances } = would;
  say(host.terminal, renderReport(would));
  const what = touched(would);
  const where = instances.filter(({ outcome }) => outcome === 'applied').length;
  if (host.stdinIsTerminal !== true)
    throw new CliError(
      'NOT_CONFIRMED',
      `${action} of ${service}/${cache} was not confirmed, and nothing was done. It would apply in ${where} of ${instances.length} instances${what === '' ? '' : `: ${what}`}.`,
      EXIT.usage,
      'Add --yes to do it; --dry-run only shows what it would do.',
    );
  host.terminal.write(`${action} ${service}/${cache}? [y/N] `);
  if (/^y(es)?$/i.test((await answerAt(host)).trim())) return;
  throw new CliError('NOT_CONFIRMED', 'Nothing was done.', EXIT.failed, 'Answer y, or add --yes.');
}

/** The first line of stdin; nothing after Ctrl-C. */
async function answerAt({ stdin, signal }: Host): Promise<string> {
  const line = async () => {
    let text = '';
    for await (const chunk of stdin) {
      text += Buffer.from(chunk).toString();
      if (text.includes('\n')) break;
    }
    return text.split('\n')[0]!;
  };
  const { promise: stopped, resolve } = Promise.withResolvers<string>();
  const stop = () => resolve('');
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([line().catch(() => ''), stopped]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
