import type { Answer, Host, Invocation } from '../../command/command.js';
import { Server } from '../../http/server.js';
import { askedSelector, lengthOfTime } from './act-options.js';
import type { Acted, Action } from './action.js';
import { mustAgree } from './consent.js';
import { exitCodeOf, renderReport, reportOf } from './outcome.js';
import { placeOf } from './place.js';

/** Does something with a cache, or says what it would do; asks first where something would be lost. */
export async function act(invocation: Invocation, host: Host, action: Action): Promise<Answer> {
  const { clock, signal } = host;
  const selector = askedSelector(invocation);
  const waitMs = lengthOfTime('--wait', invocation.text('wait')!);
  const server = new Server(invocation, host);
  const place = await placeOf(invocation, server, host, selector);
  const parts = { server, clock, signal, waitMs };
  const report = (dryRun: boolean, { instances, ...about }: Acted) =>
    reportOf(place, { action: action.name, dryRun, ...about }, instances);
  const answer = (dryRun: boolean, acted: Acted): Answer => {
    const said = report(dryRun, acted);
    return { exitCode: exitCodeOf(said), json: said, text: renderReport(said) };
  };
  if (invocation.flag('dry-run')) return answer(true, await action.tryOut(place, parts));
  await action.mustBeOfUse(place, parts);
  if (!invocation.flag('yes')) {
    const would = await action.tryOut(place, parts);
    if (action.needsConsent(would)) await mustAgree(report(true, would), host);
  }
  return answer(false, await action.perform(place, parts));
}
