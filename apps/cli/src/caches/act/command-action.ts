import {
  COMMAND_VALIDITY_MS,
  MAX_COMMAND_VALIDITY_MS,
  type CommandStatus,
  type ControlledInstance,
  type ControlOperation,
  type InstancesAnswer,
} from '#libs/contracts';
import { refusal } from '../../http/request.js';
import { awayReason, untilEnough, type Acted, type Action, type ActParts } from './action.js';
import type { InstanceOutcome } from './outcome.js';
import { meantInstances, servicePath, type Place } from './place.js';

/** A command of the control channel: done once, by every instance that is meant. */
export class CommandAction implements Action {
  readonly name: string;

  constructor(private readonly operation: ControlOperation) {
    this.name = operation.do;
  }

  async mustBeOfUse(): Promise<void> {
    // A command leaves nothing behind where it is refused.
  }

  needsConsent(): boolean {
    return true;
  }

  tryOut(place: Place, parts: ActParts): Promise<Acted> {
    return this.#give(place, parts, true);
  }

  perform(place: Place, parts: ActParts): Promise<Acted> {
    return this.#give(place, parts, false);
  }

  async #give(place: Place, parts: ActParts, dryRun: boolean): Promise<Acted> {
    const { server, waitMs } = parts;
    const path = servicePath(place);
    const given = await server.send('POST', `${path}/commands`, {
      cache: place.cache,
      selector: place.selector,
      operation: this.operation,
      dryRun,
      // A question is over when nobody waits for its answer.
      ...(dryRun && { validityMs: Math.min(MAX_COMMAND_VALIDITY_MS, waitMs + 2_000) }),
    });
    if (given.status !== 202) throw refusal(`The command ${this.name} was not taken`, given);
    let status = JSON.parse(given.body) as CommandStatus;
    const { id } = status;
    let meant: readonly ControlledInstance[] = [];
    const answered = () => new Set(status.answers.map(({ instance }) => instance));
    await untilEnough(
      async () => {
        const [now, instances] = await Promise.all([
          server.get(`${path}/commands/${id}`),
          server.get(`${path}/instances`),
        ]);
        if (instances.status !== 200) throw refusal('The instances are not told', instances);
        // Not valid any more: what was answered until then is what there is.
        if (now.status !== 200 && now.status !== 404) throw refusal('What came of the command is not told', now);
        if (now.status === 200) status = JSON.parse(now.body) as CommandStatus;
        meant = meantInstances(place, (JSON.parse(instances.body) as InstancesAnswer).instances);
      },
      () => meant.every(({ instance, connected }) => !connected || answered().has(instance)),
      parts,
    );
    const later = dryRun ? '' : `does it when it is back within ${COMMAND_VALIDITY_MS / 60_000} min`;
    return {
      revision: null,
      command: id,
      tiers: this.operation.tier === undefined ? tiersOf(meant, place) : [this.operation.tier],
      instances: meant.map((one) => outcomeOf(one, status, awayReason(one.connected, waitMs, later))),
    };
  }
}

function tiersOf(instances: readonly ControlledInstance[], { cache }: Place): readonly string[] {
  const descriptions = instances.flatMap(({ caches }) => caches.map(({ description }) => description));
  const tiers = descriptions.flatMap((one) => (one.cache === cache ? one.tiers.map(({ tier }) => tier) : []));
  return [...new Set(tiers)];
}

function outcomeOf(
  { instance, connected }: ControlledInstance,
  { answers }: CommandStatus,
  away: string,
): InstanceOutcome {
  const answer = answers.find((one) => one.instance === instance);
  if (answer === undefined) return { instance, connected, outcome: 'away', reason: away };
  const { refused, reason, entries, bytes } = answer;
  if (refused !== undefined)
    return { instance, connected, outcome: 'refused', refused, ...(reason !== undefined && { reason }) };
  return {
    instance,
    connected,
    outcome: 'applied',
    ...(entries !== undefined && { entries }),
    ...(bytes !== undefined && { bytes }),
  };
}
