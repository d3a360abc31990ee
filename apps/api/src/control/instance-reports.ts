import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { CommandAnswer, InstanceReport, type ControlledInstance } from '#libs/contracts';
import { HttpProblem, type Logger } from '#libs/operations';
import type { StateStore } from '#libs/state-store';
import type { Clock, Timer } from '#libs/time';
import type { ControlStreams } from './control-streams.js';
import { decode, encode } from './documents.js';
import { Pen } from './pen.js';
import type { Recipient } from './recipients.js';
import { ReportRoom } from './report-room.js';

export const REPORTS_SCOPE = 'control.reports';

/** Connected instances in one entry of the store: some 75 bytes each, and more with a long name of a service. */
const INSTANCES_PER_ENTRY = 1_000;
/** An API process that has said nothing for so long is gone, ms. */
const PROCESS_GONE_MS = 30_000;
/** An instance that is not connected is shown for so long after its last report, ms. */
const INSTANCE_GONE_MS = 600_000;
/** For so long it is not asked again who listens at other processes to decide whether a report is kept, ms. */
const ELSEWHERE_MS = 500;
const SAY_EVERY_MS = 10_000;
const SWEEP_EVERY_MS = 60_000;
/** Bytes that wait to be written, and of one write: what a store takes at once, with room. */
const MAX_WAITING_BYTES = 3_000_000;

const Acknowledged = Type.Object({
  at: Type.Integer(),
  revision: Type.Optional(Type.Integer()),
  version: Type.Optional(Type.String()),
  caches: Type.Optional(InstanceReport.properties.caches),
});
const Connected = Type.Object({
  at: Type.Integer(),
  instances: Type.Array(Type.Tuple([Type.String(), Type.String()])),
  /** When each of them began to listen; an older API process does not say. */
  started: Type.Optional(Type.Array(Type.Integer())),
});
const checks = { acknowledged: Compile(Acknowledged), connected: Compile(Connected), answer: Compile(CommandAnswer) };

export interface InstanceReportsOptions {
  readonly store: StateStore;
  readonly clock: Clock;
  readonly random: () => number;
  readonly streams: ControlStreams;
  readonly log: Logger;
  /** Tells this process from others. */
  readonly process: string;
  /** Which of these commands are still valid, in whichever process they were given; answers to others are not kept. */
  readonly validOf: (commands: readonly string[]) => Promise<ReadonlySet<string>>;
}

const serviceKey = (service: string) => `ack/${encodeURIComponent(service)}/`;

/**
 * What instances say of themselves, and which of them listen, over all API processes: an instance may listen at one and
 * report to another. Kept in the state store, in a scope of its own, and swept out when it is old.
 */
export class InstanceReports {
  readonly #pen: Pen;
  readonly #room = new ReportRoom();
  #measured: Promise<void> | undefined;
  #elsewhere: { readonly asked: number; readonly service: string; readonly instances: Set<string> } | undefined;
  #waiting = new Map<string, Uint8Array>();
  #waitingBytes = 0;
  #writing: Promise<void> | undefined;
  #following: Promise<void> | undefined;
  #timer: Timer | undefined;
  #said = 0;
  #saidEntries = 0;
  #dirty = false;
  #swept = 0;
  #stopped = true;

  constructor(private readonly options: InstanceReportsOptions) {
    const { store, clock, random, streams } = options;
    this.#pen = new Pen(store, REPORTS_SCOPE, clock, random);
    streams.onChange(() => (this.#dirty = true));
  }

  start(): void {
    this.#stopped = false;
    this.#swept = this.options.clock.monotonic();
    this.#next();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#pen.close();
  }

  /** Durable when it resolves. @throws HttpProblem OVERLOADED, STATE_UNAVAILABLE */
  async accept({ emitter, revision, caches, answers = [] }: InstanceReport): Promise<void> {
    const valid = await this.options.validOf(answers.map(({ command }) => command));
    const at = this.options.clock.now();
    const { service, instance, version } = emitter;
    const entries: { key: string; value: Uint8Array }[] = [];
    if (revision !== undefined || caches !== undefined)
      entries.push({
        key: serviceKey(service) + instance,
        value: encode({
          at,
          ...(revision !== undefined && { revision }),
          ...(version !== undefined && { version }),
          ...(caches && { caches }),
        }),
      });
    for (const answer of answers)
      if (valid.has(answer.command))
        entries.push({ key: `answer/${answer.command}/${instance}`, value: encode(answer) });
    await this.#makeSureOfRoom({ service, instance }, entries);
    for (const { key, value } of entries) this.#wait(key, value);
    await this.#flush();
  }

  /** @throws HttpProblem OVERLOADED, STATE_UNAVAILABLE */
  async #makeSureOfRoom(
    who: { readonly service: string; readonly instance: string },
    entries: readonly { readonly key: string; readonly value: Uint8Array }[],
  ): Promise<void> {
    this.#measured ??= this.#measure();
    await this.#measured;
    const fits = (as: 'unknown' | 'listening') =>
      entries.every(({ key, value }) => this.#room.has({ key, bytes: value.byteLength }, as));
    // Who listens at another process is asked for only where it decides.
    const kept =
      fits('unknown') || (fits('listening') && (this.options.streams.has(who) || (await this.#listens(who))));
    if (!kept)
      throw new HttpProblem('OVERLOADED', 'More is kept of this service already than there is room for.', {
        retryAfterMs: 5_000,
      });
    for (const { key, value } of entries) this.#room.add(key, value.byteLength);
  }

  async #measure(): Promise<void> {
    try {
      const held = await this.options.store.list(REPORTS_SCOPE);
      this.#room.replace(measured(held));
    } catch (cause) {
      this.#measured = undefined;
      throw new HttpProblem('STATE_UNAVAILABLE', 'Reports cannot be kept now.', { retryAfterMs: 2_000, cause });
    }
  }

  async #listens({ service, instance }: { readonly service: string; readonly instance: string }): Promise<boolean> {
    const { clock } = this.options;
    if (this.#elsewhere?.service !== service || clock.monotonic() - this.#elsewhere.asked > ELSEWHERE_MS) {
      const instances = new Set((await this.connected(service)).map((one) => one.instance));
      this.#elsewhere = { asked: clock.monotonic(), service, instances };
    }
    return this.#elsewhere.instances.has(instance);
  }

  /** Which instances of a service listen now, here or at another process. */
  async connected(service: string): Promise<Recipient[]> {
    const { streams, clock, store, process } = this.options;
    const found = new Map<string, Recipient>();
    for (const { service: of, instance, started } of streams.connected())
      if (of === service) found.set(instance, { instance, started });
    for (const { key, value } of await store.list(REPORTS_SCOPE, 'api/')) {
      const said = decode(checks.connected, value);
      if (said === undefined || key.startsWith(`api/${process}/`)) continue;
      if (Math.abs(clock.now() - said.at) > PROCESS_GONE_MS) continue;
      for (const [i, [of, instance]] of said.instances.entries())
        if (of === service && !found.has(instance)) found.set(instance, { instance, started: said.started?.[i] ?? 0 });
    }
    return [...found.values()];
  }

  /** Instances that listen, and those that reported not long ago. @param desired the revision they should have. */
  async instances(service: string, desired: number): Promise<ControlledInstance[]> {
    const { clock, store } = this.options;
    const connected = new Set((await this.connected(service)).map(({ instance }) => instance));
    const prefix = serviceKey(service);
    const instances = new Map<string, ControlledInstance>(
      [...connected].map((instance) => [
        instance,
        { instance, connected: true, desired, acknowledged: null, at: null, caches: [] },
      ]),
    );
    for (const { key, value } of await store.list(REPORTS_SCOPE, prefix)) {
      const said = decode(checks.acknowledged, value);
      const instance = key.slice(prefix.length);
      if (said === undefined) continue;
      if (!connected.has(instance) && clock.now() - said.at > INSTANCE_GONE_MS) continue;
      instances.set(instance, {
        instance,
        connected: connected.has(instance),
        ...(said.version !== undefined && { version: said.version }),
        desired,
        acknowledged: said.revision ?? null,
        at: said.at,
        caches: said.caches ?? [],
      });
    }
    return [...instances.values()].sort((a, b) => (a.instance < b.instance ? -1 : 1));
  }

  async answers(command: string): Promise<(CommandAnswer & { readonly instance: string })[]> {
    const prefix = `answer/${command}/`;
    const stored = await this.options.store.list(REPORTS_SCOPE, prefix);
    return stored.flatMap(({ key, value }) => {
      const answer = decode(checks.answer, value);
      return answer === undefined ? [] : [{ instance: key.slice(prefix.length), ...answer }];
    });
  }

  #wait(key: string, value: Uint8Array): void {
    if (this.#waitingBytes + value.byteLength > MAX_WAITING_BYTES)
      throw new HttpProblem('OVERLOADED', 'More reports come than can be kept at once.', { retryAfterMs: 2_000 });
    this.#waitingBytes += value.byteLength + key.length;
    this.#waiting.set(key, value);
  }

  /** All who wait share one write; who comes while it is under way shares the next. */
  #flush(): Promise<void> {
    if (this.#writing === undefined) {
      this.#writing = this.#write().finally(() => (this.#writing = undefined));
      return this.#writing;
    }
    this.#following ??= this.#writing
      .catch(() => undefined)
      .then(() => {
        this.#following = undefined;
        return this.#flush();
      });
    return this.#following;
  }

  async #write(): Promise<void> {
    const entries = [...this.#waiting].map(([key, value]) => ({ key, value }));
    this.#waiting = new Map();
    this.#waitingBytes = 0;
    if (entries.length === 0) return;
    try {
      await this.#pen.write((writer) => writer.putAll(entries));
    } catch (cause) {
      throw new HttpProblem('STATE_UNAVAILABLE', 'Reports cannot be kept now.', { retryAfterMs: 2_000, cause });
    }
  }

  #next(): void {
    if (this.#stopped) return;
    this.#timer = this.options.clock.setTimer(() => void this.#round().finally(() => this.#next()), 1_000, {
      unref: true,
    });
  }

  async #round(): Promise<void> {
    const { clock, log } = this.options;
    try {
      await this.#say();
      if (clock.monotonic() - this.#swept < SWEEP_EVERY_MS) return;
      this.#swept = clock.monotonic();
      await this.#sweep();
    } catch (error) {
      log.debug('Which instances listen could not be written.', { error });
    }
  }

  /** Says who listens here: soon after a change, and again before others take this process for gone. */
  async #say(): Promise<void> {
    const { clock, streams, process } = this.options;
    const due = clock.monotonic() - this.#said >= SAY_EVERY_MS && this.#saidEntries > 0;
    if (!this.#dirty && !due) return;
    this.#dirty = false;
    this.#said = clock.monotonic();
    const connected = streams.connected();
    const entries: { key: string; value: Uint8Array | undefined }[] = [];
    for (let from = 0; from < connected.length; from += INSTANCES_PER_ENTRY) {
      const some = connected.slice(from, from + INSTANCES_PER_ENTRY);
      const instances = some.map(({ service, instance }) => [service, instance]);
      const value = encode({ at: clock.now(), instances, started: some.map(({ started }) => started) });
      entries.push({ key: `api/${process}/${entries.length}`, value });
    }
    const now = entries.length;
    for (let gone = now; gone < this.#saidEntries; gone++)
      entries.push({ key: `api/${process}/${gone}`, value: undefined });
    this.#saidEntries = now;
    if (entries.length > 0) await this.#pen.write((writer) => writer.putAll(entries));
  }

  async #sweep(): Promise<void> {
    const { store, clock, validOf } = this.options;
    const now = clock.now();
    const old: string[] = [];
    const connected = new Map<string, Set<string>>();
    const kept = (await store.list(REPORTS_SCOPE)).map((one) => ({ ...one, parts: one.key.split('/') }));
    // After the answers were listed: what they answer was given before, and is valid or over by now.
    const valid = await validOf([
      ...new Set(kept.flatMap(({ parts: [kind, command = ''] }) => (kind === 'answer' ? [command] : []))),
    ]);
    for (const { key, value, parts } of kept) {
      const [kind, first = '', second = ''] = parts;
      if (kind === 'answer' && !valid.has(first)) old.push(key);
      if (kind === 'api' && Math.abs(now - (decode(checks.connected, value)?.at ?? 0)) > 2 * PROCESS_GONE_MS)
        old.push(key);
      if (kind !== 'ack' || now - (decode(checks.acknowledged, value)?.at ?? 0) <= INSTANCE_GONE_MS) continue;
      if (!connected.has(first))
        connected.set(
          first,
          new Set((await this.connected(decodeURIComponent(first))).map(({ instance }) => instance)),
        );
      if (!connected.get(first)!.has(second)) old.push(key);
    }
    const gone = new Set(old);
    this.#room.replace(measured(kept.filter(({ key }) => !gone.has(key))));
    // A few hundred at a time: one transaction is bounded.
    for (let from = 0; from < old.length; from += 500)
      await this.#pen.write((writer) =>
        writer.putAll(old.slice(from, from + 500).map((key) => ({ key, value: undefined }))),
      );
  }
}

/** What counts against the room of reports, as the store holds it. */
function measured(held: readonly { readonly key: string; readonly value: Uint8Array }[]) {
  return held.filter(({ key }) => !key.startsWith('api/')).map(({ key, value }) => ({ key, bytes: value.byteLength }));
}
