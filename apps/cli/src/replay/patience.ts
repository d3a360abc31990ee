import { EXIT } from '../command/exit-codes.js';
import { CliError, UnreachableError } from '../command/errors.js';
import type { Host } from '../command/command.js';
import { refusal, waitingAfter } from '../http/request.js';
import type { Server } from '../http/server.js';
import type { Progress } from '../command/progress.js';
import type { Delivery, ReplayTelemetry } from './replay-telemetry.js';

const POLL_MS = 250;

/**
 * Waits a moment for a server that is just starting, and asks whether the key may read: better now than after the trace.
 * @throws UnreachableError when nobody has answered after `patienceMs`; CliError for a refusal.
 */
export async function firstAnswer(
  server: Server,
  progress: Progress,
  { clock, signal }: Host,
  patienceMs: number,
): Promise<void> {
  const giveUpAt = clock.monotonic() + patienceMs;
  for (let told = false; ;) {
    try {
      const reply = await server.get('/health', 5_000);
      if (reply.status >= 400) throw refusal('The server is not well', reply);
      await server.query('SELECT 1 AS one');
      return;
    } catch (error) {
      if (!(error instanceof UnreachableError) || clock.monotonic() > giveUpAt) throw error;
      if (!told) progress.message(waitingAfter(error, patienceMs));
      told = true;
      await clock.sleep(POLL_MS, signal);
    }
  }
}

/**
 * Ends telemetry: everything is sent and taken, or it throws. Looks for a server that went away, and sends as soon as it
 * is back.
 * @throws UnreachableError when not everything was taken within `patienceMs`; CliError when the server refuses it.
 */
export async function deliverAll(
  server: Server,
  telemetry: ReplayTelemetry,
  progress: Progress,
  { clock, signal }: Host,
  patienceMs: number,
): Promise<void> {
  const finishing = telemetry.finish(patienceMs).then((all) => ({ all }));
  for (;;) {
    const ended = await Promise.race([finishing, clock.sleep(POLL_MS, signal)]);
    const delivery = telemetry.delivery();
    mustNotBeRefused(delivery);
    const { trouble } = delivery;
    if (ended?.all === true) return progress.back();
    if (ended !== undefined)
      throw new UnreachableError(
        `The server has not taken everything within ${Math.round(patienceMs / 1_000)} s (${trouble ?? 'no reason known'}).`,
        'Start it again; --wait gives it longer.',
      );
    if (trouble === undefined) {
      progress.back();
      progress.update(1, 'sending');
      continue;
    }
    progress.away(1, trouble);
    if (await server.isUp()) telemetry.hurry();
  }
}

/** @throws CliError when the server will not take events later either, as with a key that may not write. */
export function mustNotBeRefused({ refused }: Pick<Delivery, 'refused'>): void {
  if (refused === undefined) return;
  throw new CliError(
    'REFUSED',
    `The server refuses the events: ${refused}`,
    EXIT.failed,
    'See the message. With keys, a replay needs one with the scopes write and read: give it with --key or ALPERF_KEY.',
  );
}
