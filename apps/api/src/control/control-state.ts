import type {
  CommandRequest,
  ControlAuthor,
  ControlHistoryEntry,
  ControlSettings,
  ControlSwitch,
  SettingsEntry,
} from '#libs/contracts';
import { COMMAND_VALIDITY_MS } from '#libs/contracts';
import { HttpProblem } from '#libs/operations';
import { StateStoreError, type StateStore, type StateWriter } from '#libs/state-store';
import type { Clock } from '#libs/time';
import {
  decodeHistory,
  emptyDocument,
  encode,
  KEYS,
  MAX_DOCUMENT_BYTES,
  MAX_HISTORY,
  MAX_SERVICES,
  readSnapshot,
  type ServiceDocument,
  type Snapshot,
  type StoredCommand,
} from './documents.js';
import { encodeDocument, withEntry, withoutEntry, type EntryPlace, type Expected } from './entries.js';
import { isLook, MAX_WAITING_COMMANDS, roomFor } from './command-room.js';
import { Pen } from './pen.js';

export const CONTROL_SCOPE = 'control';

/** One write: the entries that it makes anew, or removes. */
interface Change<Answer> {
  readonly writes: readonly { key: string; value: Uint8Array | undefined }[];
  readonly answer: Answer;
}

/** What a change is decided from. */
interface Before extends Snapshot {
  /** The revision that the change will have. */
  readonly next: number;
  readonly now: number;
  history(key: string): Promise<ControlHistoryEntry[]>;
}

/**
 * What is desired of caches, in the state store: one document for each service, its history, the commands that are valid,
 * the switch. Every change has a revision of its own, from one counter over all of them that never falls behind the
 * clock: so a state that was lost or set back is not taken for an older one once somebody writes to it.
 */
export class ControlState {
  readonly #pen: Pen;

  constructor(
    private readonly store: StateStore,
    private readonly clock: Clock,
    random: () => number,
  ) {
    this.#pen = new Pen(store, CONTROL_SCOPE, clock, random);
  }

  /** All of it, as it is now. @throws HttpProblem STATE_UNAVAILABLE */
  async read(): Promise<Snapshot> {
    return withProblem(async () => readSnapshot(await this.store.list(CONTROL_SCOPE)));
  }

  /** A number that changes with every change; cheap. @throws HttpProblem STATE_UNAVAILABLE */
  async version(): Promise<bigint> {
    return withProblem(async () => (await this.store.get(CONTROL_SCOPE, KEYS.head))?.version ?? 0n);
  }

  /** What changed for a service, the latest first: its own changes, and the switch of all services. */
  async history(service: string): Promise<ControlHistoryEntry[]> {
    return withProblem(async () => {
      const [own, all] = await Promise.all([this.#history(KEYS.history(service)), this.#history(KEYS.historyOfAll)]);
      return [...own, ...all].sort((a, b) => b.revision - a.revision).slice(0, MAX_HISTORY);
    });
  }

  async #history(key: string): Promise<ControlHistoryEntry[]> {
    return decodeHistory((await this.store.get(CONTROL_SCOPE, key))?.value);
  }

  /** @throws HttpProblem ALREADY_THERE, REVISION_MISMATCH, CANNOT_BE */
  async putSettings(
    place: EntryPlace,
    settings: ControlSettings,
    expected: Expected,
    by: ControlAuthor,
  ): Promise<{ entry: SettingsEntry; created: boolean }> {
    const { cache, selector } = place;
    return this.#change(async (before) => {
      const change = { place, expected, by, revision: before.next, at: before.now };
      const { document, entry, old } = withEntry(before, change, settings);
      const note: Note = {
        by,
        change: 'settings',
        cache,
        selector,
        ...(old !== undefined && { before: old.settings }),
        after: settings,
      };
      return { writes: await written(before, document, note), answer: { entry, created: old === undefined } };
    });
  }

  /** @throws HttpProblem NOT_FOUND, ALREADY_THERE, REVISION_MISMATCH */
  async deleteSettings(place: EntryPlace, expected: Expected, by: ControlAuthor): Promise<void> {
    const { cache, selector } = place;
    await this.#change(async (before) => {
      const change = { place, expected, by, revision: before.next, at: before.now };
      const { document, old } = withoutEntry(before, change);
      const note: Note = { by, change: 'removed', cache, selector, before: old.settings };
      return { writes: await written(before, document, note), answer: undefined };
    });
  }

  /**
   * Commands that are still valid are withdrawn when it is switched off. The switch itself says so: one write is bounded,
   * and they may be more than it takes. They are forgotten later.
   * @param service left out for all of them.
   */
  async setSwitch(service: string | undefined, on: boolean, by: ControlAuthor): Promise<ControlSwitch> {
    return this.#change(async (before) => {
      const document = service === undefined ? undefined : (before.services.get(service) ?? emptyDocument(service));
      const { lastOff } = (document ?? before).switch;
      const control: ControlSwitch = {
        on,
        revision: before.next,
        at: before.now,
        by,
        ...(!on ? { lastOff: before.next } : lastOff !== undefined && { lastOff }),
      };
      if (document === undefined) {
        const entry = noted(before, { by, change: 'switch', on, everywhere: true });
        const history = await historyWith(before, KEYS.historyOfAll, entry);
        return { writes: [{ key: KEYS.switch, value: encode(control) }, history], answer: control };
      }
      if (document.revision === 0 && before.services.size >= MAX_SERVICES)
        throw new HttpProblem('CANNOT_BE', `At most ${MAX_SERVICES} services can be controlled.`);
      const writes = await written(before, { ...document, switch: control }, { by, change: 'switch', on });
      return { writes, answer: control };
    });
  }

  /**
   * @param id drawn by the caller. @param answered ids of commands that all whom they are for have answered.
   * @throws HttpProblem SWITCHED_OFF, RATE_LIMITED
   */
  async addCommand(
    service: string,
    id: string,
    request: CommandRequest,
    by: ControlAuthor,
    answered: ReadonlySet<string>,
  ): Promise<StoredCommand> {
    const { cache, selector = 'all', operation, dryRun = false, validityMs = COMMAND_VALIDITY_MS } = request;
    return this.#change(async (before) => {
      const document = before.services.get(service) ?? emptyDocument(service);
      if (!before.switch.on || !document.switch.on)
        throw new HttpProblem('SWITCHED_OFF', 'Instances of this service take nothing from afar now.');
      const valid = [...before.commands.values()].filter(
        (one) => one.service === service && one.command.validUntil > before.now,
      );
      const stored: StoredCommand = {
        service,
        selector,
        command: {
          id,
          revision: before.next,
          cache,
          operation,
          dryRun,
          issuedAt: before.now,
          validUntil: before.now + validityMs,
          by,
        },
      };
      const gone = roomFor(stored, valid, answered);
      if (gone === undefined)
        throw new HttpProblem(
          'RATE_LIMITED',
          `${MAX_WAITING_COMMANDS} commands of this service wait for answers, or more are valid than are kept; withdraw some.`,
          { retryAfterMs: Math.min(...valid.map((one) => one.command.validUntil)) - before.now },
        );
      const entry = noted(before, { by, change: 'command', cache, selector, operation: operation.do, dryRun });
      return {
        writes: [
          { key: KEYS.command(id), value: encode(stored) },
          ...gone.map(({ command }) => ({ key: KEYS.command(command.id), value: undefined })),
          // Who looked does not need to be told to anybody later.
          ...(isLook(stored.command) ? [] : [await historyWith(before, KEYS.history(service), entry)]),
        ],
        answer: stored,
      };
    });
  }

  /** @throws HttpProblem NOT_FOUND */
  async withdraw(service: string, id: string, by: ControlAuthor): Promise<void> {
    await this.#change(async (before) => {
      const stored = before.commands.get(id);
      if (stored?.service !== service)
        throw new HttpProblem('NOT_FOUND', 'There is no such command that is still valid.');
      const { selector, command } = stored;
      const { cache, operation } = command;
      const entry = noted(before, { by, change: 'withdrawn', cache, selector, operation: operation.do });
      return {
        writes: [{ key: KEYS.command(id), value: undefined }, await historyWith(before, KEYS.history(service), entry)],
        answer: undefined,
      };
    });
  }

  /** Forgets commands that are not valid any more. */
  async forget(ids: readonly string[]): Promise<void> {
    // A few hundred at a time: one write is bounded.
    for (let from = 0; from < ids.length; from += 500) {
      const gone = ids.slice(from, from + 500).map((id) => ({ key: KEYS.command(id), value: undefined }));
      await withProblem(() => this.#pen.write((writer) => writer.putAll(gone)));
    }
  }

  close(): Promise<void> {
    return this.#pen.close();
  }

  #change<Answer>(decide: (before: Before) => Promise<Change<Answer>>): Promise<Answer> {
    return withProblem(() =>
      this.#pen.write(async (writer: StateWriter) => {
        const snapshot = readSnapshot(await this.store.list(CONTROL_SCOPE));
        const now = this.clock.now();
        const next = Math.max(snapshot.revision + 1, now);
        const { writes, answer } = await decide({
          ...snapshot,
          now,
          next,
          history: (key) => this.#history(key),
        });
        await writer.putAll([...writes, { key: KEYS.head, value: encode({ revision: next }) }]);
        return answer;
      }),
    );
  }
}

type Note = Omit<ControlHistoryEntry, 'revision' | 'at'>;
const noted = (before: Before, note: Note): ControlHistoryEntry => ({ revision: before.next, at: before.now, ...note });

async function written(before: Before, document: ServiceDocument, note: Note) {
  const value = encodeDocument({ ...document, revision: before.next, at: before.now });
  return [
    { key: KEYS.service(document.service), value },
    await historyWith(before, KEYS.history(document.service), noted(before, note)),
  ];
}

async function historyWith(before: Before, key: string, entry: ControlHistoryEntry) {
  const history = [...(await before.history(key)), entry].slice(-MAX_HISTORY);
  let value = encode(history);
  // The latest always fits: an entry holds two settings at most.
  while (value.byteLength > MAX_DOCUMENT_BYTES && history.length > 1) {
    history.splice(0, Math.ceil(history.length / 4));
    value = encode(history);
  }
  return { key, value };
}

async function withProblem<Answer>(work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StateStoreError)) throw error;
    throw new HttpProblem('STATE_UNAVAILABLE', 'What is desired of caches cannot be read or written now.', {
      retryAfterMs: 2_000,
      cause: error,
    });
  }
}
