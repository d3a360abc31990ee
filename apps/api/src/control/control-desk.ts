import {
  operationProblem,
  settingsProblem,
  type CommandRequest,
  type CommandStatus,
  type ControlAuthor,
  type ControlSettings,
  type InstancesAnswer,
  type ServiceControl,
  type ServicesAnswer,
  type SettingsDryRun,
  type SettingsEntry,
} from '#libs/contracts';
import { HttpProblem } from '#libs/operations';
import type { Clock } from '#libs/time';
import { isLook, MAX_WAITING_COMMANDS } from './command-room.js';
import type { ControlState } from './control-state.js';
import { NOBODY, stateRevision } from './control-streams.js';
import type { ControlWatch } from './control-watch.js';
import { desiredOf, emptyDocument, type ServiceDocument, type StoredCommand } from './documents.js';
import { encodeDocument, findEntry, withEntry, withoutEntry, type EntryPlace, type Expected } from './entries.js';
import { foresee } from './foresee.js';
import type { InstanceReports } from './instance-reports.js';
import { isFor } from './recipients.js';

/** How often the answers of a command are looked at while somebody waits for them, ms. */
const LOOK_EVERY_MS = 200;

export interface ControlDeskParts {
  readonly state: ControlState;
  readonly watch: ControlWatch;
  readonly reports: InstanceReports;
  readonly clock: Clock;
  /** Draws the id of a command: a UUID. */
  readonly drawId: () => string;
}

/** What can be asked of the control channel, whatever carries the question. */
export class ControlDesk {
  /** Ids of commands that were answered by all whom they were for at some time: they stay so. */
  readonly #answered = new Set<string>();

  constructor(private readonly parts: ControlDeskParts) {}

  async services(): Promise<ServicesAnswer> {
    const { switch: all, services } = await this.parts.state.read();
    return {
      switch: all,
      services: [...services.values()].map(({ service, revision, entries }) => ({
        service,
        revision,
        settings: entries.length,
      })),
    };
  }

  /** @throws HttpProblem NOT_FOUND */
  async service(service: string): Promise<ServiceControl> {
    const document = await this.#document(service);
    const { revision, switch: one, entries } = document;
    return { service, revision, switch: one, settings: entries };
  }

  /** @throws HttpProblem NOT_FOUND */
  async entry(place: EntryPlace): Promise<SettingsEntry> {
    const { services } = await this.parts.state.read();
    const document = services.get(place.service);
    const found = document && findEntry(document, place);
    if (found === undefined)
      throw new HttpProblem('NOT_FOUND', 'Nothing is desired of this cache under this selector.');
    return found;
  }

  async put(place: EntryPlace, settings: ControlSettings, expected: Expected, by: ControlAuthor) {
    mustBe(settingsProblem(settings), 'What is desired');
    const done = await this.parts.state.putSettings(place, settings, expected, by);
    await this.parts.watch.look();
    return done;
  }

  async remove(place: EntryPlace, expected: Expected, by: ControlAuthor): Promise<void> {
    await this.parts.state.deleteSettings(place, expected, by);
    await this.parts.watch.look();
  }

  /**
   * What a change would do, in the instances that listen; what would be refused is refused here with the same problem.
   * @param settings left out to delete the entry.
   */
  async tryOut(place: EntryPlace, settings: ControlSettings | undefined, expected: Expected): Promise<SettingsDryRun> {
    if (settings !== undefined) mustBe(settingsProblem(settings), 'What is desired');
    const { service, cache } = place;
    const snapshot = await this.parts.state.read();
    const change = { place, expected, by: NOBODY, revision: snapshot.revision + 1, at: this.parts.clock.now() };
    const changed =
      settings === undefined ? withoutEntry(snapshot, change).document : withEntry(snapshot, change, settings).document;
    encodeDocument(changed);
    const document = snapshot.services.get(service) ?? emptyDocument(service);
    const { instances } = await this.instances(service);
    return {
      dryRun: true,
      instances: instances.flatMap(({ instance, connected, at, caches }) => {
        const of = (one: ServiceDocument): ControlSettings => own(desiredOf(one, instance), cache) ?? {};
        const [before, after] = [of(document), of(changed)];
        if (!connected || JSON.stringify(before) === JSON.stringify(after)) return [];
        const described = caches.find((one) => one.description.cache === cache)?.description;
        return [{ instance, before, after, at, ...foresee(after, described) }];
      }),
    };
  }

  async setSwitch(service: string | undefined, on: boolean, by: ControlAuthor) {
    const done = await this.parts.state.setSwitch(service, on, by);
    await this.parts.watch.look();
    return done;
  }

  async instances(service: string): Promise<InstancesAnswer> {
    const snapshot = await this.parts.state.read();
    return { instances: await this.parts.reports.instances(service, stateRevision(snapshot, service)) };
  }

  /** Gives a command, and waits until all that listen have answered, or the time is over, or the signal aborts. */
  async command(
    service: string,
    request: CommandRequest,
    by: ControlAuthor,
    waiting: { readonly waitMs: number; readonly signal: AbortSignal },
  ): Promise<CommandStatus> {
    mustBe(operationProblem(request.operation), `The operation ${request.operation.do}`, '/operation');
    const { state, watch, clock, drawId } = this.parts;
    const stored = await state.addCommand(service, drawId(), request, by, await this.#answeredOf(service));
    await watch.look();
    const until = clock.monotonic() + waiting.waitMs;
    for (;;) {
      const status = await this.#status(stored);
      if (status.answers.length >= status.expected || clock.monotonic() >= until || waiting.signal.aborted)
        return status;
      await clock.sleep(LOOK_EVERY_MS);
    }
  }

  /** @throws HttpProblem NOT_FOUND when it is not valid any more. */
  async commandStatus(service: string, id: string): Promise<CommandStatus> {
    const stored = (await this.parts.state.read()).commands.get(id);
    if (stored?.service !== service || stored.command.validUntil <= this.parts.clock.now())
      throw new HttpProblem('NOT_FOUND', 'There is no such command that is still valid.');
    return this.#status(stored);
  }

  async withdraw(service: string, id: string, by: ControlAuthor): Promise<void> {
    await this.parts.state.withdraw(service, id, by);
    await this.parts.watch.look();
  }

  /** Looked for only where it decides whether there is room: each costs two questions to the store. */
  async #answeredOf(service: string): Promise<ReadonlySet<string>> {
    const commands = this.parts.watch.snapshot?.commands ?? new Map<string, StoredCommand>();
    for (const id of this.#answered) if (!commands.has(id)) this.#answered.delete(id);
    const waiting = [...commands.values()].filter(
      (one) => one.service === service && !isLook(one.command) && !this.#answered.has(one.command.id),
    );
    if (waiting.length >= MAX_WAITING_COMMANDS) for (const one of waiting) await this.#status(one);
    return this.#answered;
  }

  async #status(stored: StoredCommand): Promise<CommandStatus> {
    const { service, selector, command } = stored;
    const { id, cache, operation, dryRun, issuedAt, validUntil, by } = command;
    const connected = await this.parts.reports.connected(service);
    const answers = await this.parts.reports.answers(id);
    const expected = connected.filter((one) => isFor(stored, one)).length;
    if (answers.length > 0 && answers.length >= expected) this.#answered.add(id);
    return {
      id,
      service,
      cache,
      selector,
      operation: operation.do,
      dryRun,
      issuedAt,
      validUntil,
      by,
      expected,
      answers,
      entries: answers.reduce((sum, answer) => sum + (answer.entries ?? 0), 0),
      bytes: answers.reduce((sum, answer) => sum + (answer.bytes ?? 0), 0),
    };
  }

  async #document(service: string): Promise<ServiceDocument> {
    const document = (await this.parts.state.read()).services.get(service);
    if (document === undefined) throw new HttpProblem('NOT_FOUND', 'Nothing was ever desired of this service.');
    return document;
  }
}

/** @param whole what the problem is of when it is of no part. @param at where that stands in the body. */
function mustBe(
  problem: { readonly pointer: string; readonly reason: string } | undefined,
  whole: string,
  at = '',
): void {
  if (problem === undefined) return;
  const { pointer, reason } = problem;
  throw new HttpProblem('CANNOT_BE', `${pointer === '' ? whole : at + pointer} ${reason}.`);
}

function own<Value>(of: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(of, name) ? of[name] : undefined;
}
