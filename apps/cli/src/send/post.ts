import type { Accepted } from '#libs/contracts';
import { fullJitter } from '#libs/time';
import type { Host } from '../command/command.js';
import { UnreachableError } from '../command/errors.js';
import { say } from '../command/terminal.js';
import { isBusy, refusal, waitingAfter, type Reply } from '../http/request.js';
import type { Server } from '../http/server.js';

/**
 * Posts one body until the server takes it or refuses it for good. The same bytes every time: a batch that was accepted
 * although its answer got lost counts once.
 * @throws UnreachableError after `patienceMs` without an answer, CliError for a refusal.
 */
export async function postPatiently(
  server: Server,
  body: string,
  { clock, random, terminal, signal }: Host,
  patienceMs: number,
): Promise<Accepted> {
  const giveUpAt = clock.monotonic() + patienceMs;
  for (let attempt = 0; ; attempt++) {
    let failure: UnreachableError;
    let retryAfterMs = 0;
    try {
      const reply = await server.post('/v1/events', body);
      if (reply.status === 202) return JSON.parse(reply.body) as Accepted;
      const refused = refusal('The batch was not accepted', reply);
      if (!isBusy(reply.status)) throw refused;
      retryAfterMs = retryAfterOf(reply);
      failure = refused as UnreachableError;
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error;
      failure = error;
    }
    const delayMs = Math.max(retryAfterMs, fullJitter(attempt, { baseMs: 200, capMs: 5_000 }, random));
    if (clock.monotonic() + delayMs > giveUpAt) throw failure;
    if (attempt === 0) say(terminal, waitingAfter(failure, patienceMs));
    await clock.sleep(delayMs, signal);
  }
}

/** Seconds only: what our collector sends. */
function retryAfterOf({ headers }: Reply): number {
  const seconds = Number(headers.get('retry-after') ?? '');
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, 60) * 1_000 : 0;
}
