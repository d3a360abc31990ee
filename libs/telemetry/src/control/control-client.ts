import {
  applicable,
  flatSettings,
  isForLater,
  operationBeyond,
  type CacheChange,
  type CommandAnswer,
  type ControlCommand,
  type ControlOperation,
  type ControlSettings,
  type ControlState,
  type ControlTarget,
  type InstanceReport,
  type OperationOutcome,
  type Refused,
} from '#libs/contracts';
import { fullJitter, type Clock, type Timer } from '#libs/time';
import type { ControlLink } from './control-link.js';
import {
  leftMs,
  refusalOf,
  step,
  SWITCHED_OFF,
  UNHEARD,
  withdrawnBelow,
  type ChannelEffect,
  type ChannelState,
  type Now,
} from './control-step.js';
import type { ListeningPlace } from './listening-place.js';
import type { ListeningPage } from './page-place.js';
import { readEvent } from './read-event.js';
import type { StreamEvent } from './sse-parser.js';

/** Between two attempts to listen, or to report. */
const BACKOFF = { baseMs: 500, capMs: 30_000 };
/** A refusal that stays until somebody mends it (no key, no such API): asked again seldom. */
const SELDOM_MS = 600_000;
/** Silence after which the stream counts as broken, in heartbeats. */
const MISSED_HEARTBEATS = 3;
const HEARTBEAT_MS = 15_000;
/** Reports of many instances about one change are spread over so long, ms. */
const SPREAD_MS = 500;
const MAX_WAITING_ANSWERS = 256;
/** As many as one report takes. */
const MAX_ANSWERS = 64;
const MAX_CACHES = 64;
const REPORT_TIMEOUT_MS = 10_000;
/** Commands kept for caches that are not open yet: an API has half as many that are valid. */
const MAX_WAITING_COMMANDS = 64;
/** So long before its end it is said that the cache did not come: nobody waits for the answer afterwards. */
const ANSWER_BEFORE_MS = 2_000;

/** A change of a cache, for the record. */
export type ToldChange = Omit<CacheChange, 'kind' | 'time'>;

export interface ControlClientOptions {
  readonly service: string;
  readonly instance: string;
  readonly version?: string;
  readonly link: ControlLink;
  /** When it may listen. Default: always. */
  readonly place?: ListeningPlace;
  readonly clock: Clock;
  /** Yields [0, 1). */
  readonly random: () => number;
  /** Told of each change that was made: `cache.change`. */
  readonly changed: (change: ToldChange) => void;
  /** Told of what goes wrong; it does not throw. */
  readonly onProblem?: (message: string, cause?: unknown) => void;
}

/** What a client gets from the telemetry that it belongs to. */
export interface ControlHost extends Omit<ControlClientOptions, 'link' | 'place'> {
  /** The page of a browser that it runs in. */
  readonly page?: ListeningPage;
}

interface Controlled {
  readonly target: ControlTarget;
  /** What it was last told, as text: the same is not applied twice. */
  told: string;
  /** What of that it took, as text. */
  applied: string;
  refused: Refused | undefined;
}

/** Commands of one cache that are not done: all of them, and those that what removes entries waits for. */
interface UnderWay {
  readonly all: Promise<void>;
  readonly butWarming: Promise<void>;
}

/**
 * Lets the caches of this process be controlled from afar. It listens as soon as there is one, applies what is desired,
 * runs commands, and reports. Settings are applied one after the other, in the order that they came, and so are the
 * commands of each cache, behind the settings before them; settings do not wait for commands, which may take long, nor
 * does what removes entries wait for a `warm`: what is wrong must not be answered for as long as that takes.
 * Nothing throws into the host.
 */
export class ControlClient {
  readonly #options: ControlClientOptions;
  readonly #targets = new Map<string, Controlled>();
  #channel: ChannelState = UNHEARD;
  #lastId: string | undefined;
  #work: Promise<void> = Promise.resolve();
  /** The commands under way of each cache that has some. */
  readonly #commands = new Map<string, UnderWay>();
  #listening: AbortController | undefined;
  /** When it listened for the first time, on the monotonic clock. */
  #began: number | undefined;
  /** Until then the API wants to be left alone, on the monotonic clock, also by one that has hung up meanwhile. */
  #notBefore = 0;
  /** Commands that are here and not done: each may be until the switch goes off, here or there, however soon it is on again. */
  readonly #permits = new Map<ControlCommand, AbortController>();
  /** Those of them for caches that are not open yet. */
  readonly #waiting = new Map<ControlCommand, Timer>();
  #stopped = false;
  #enabled = true;
  #answers: CommandAnswer[] = [];
  #settled: number | undefined;
  #reporting: Timer | undefined;
  #reportAttempt = 0;
  #sending = false;
  #again = false;
  #reportEnding: AbortController | undefined;

  constructor(options: ControlClientOptions) {
    this.#options = options;
  }

  /** Revision of the newest desired state that was taken in; undefined before the first. */
  get revision(): number | undefined {
    return this.#settled;
  }

  /** Whether the API lets caches be controlled now; undefined before it said so. */
  get on(): boolean | undefined {
    return this.#channel.current?.on;
  }

  /** Lets a cache be controlled. @returns what takes it away again. @throws TypeError when the name is taken. */
  add(target: ControlTarget): () => void {
    const { cache } = target.describe();
    if (this.#targets.has(cache))
      throw new TypeError(`A cache named ${cache} is controlled already; name this one otherwise.`);
    this.#targets.set(cache, { target, told: '{}', applied: '{}', refused: undefined });
    const { current } = this.#channel;
    if (current !== undefined) this.#do(() => this.#settle(current));
    for (const command of this.#waiting.keys())
      if (command.cache === cache) {
        this.#waitNoMore(command);
        this.#doInTurn(command);
      }
    this.#listen();
    return () => {
      if (this.#targets.get(cache)?.target !== target) return;
      this.#targets.delete(cache);
      if (this.#targets.size === 0) this.#hangUp();
    };
  }

  /** The host's own switch. Off: it does not listen, and what is in force stays so. On again: it takes in the latest. */
  set enabled(on: boolean) {
    if (this.#enabled === on) return;
    this.#enabled = on;
    if (!on) {
      this.#withdraw();
      this.#hangUp();
      return;
    }
    const { current } = this.#channel;
    if (current !== undefined) this.#do(() => this.#settle(current));
    this.#listen();
  }

  get enabled(): boolean {
    return this.#enabled;
  }

  /** Lets go at once; what is being applied is awaited, and operations end on the way. */
  async close(): Promise<void> {
    this.#stopped = true;
    this.#withdraw();
    this.#reportEnding?.abort();
    this.#hangUp();
    this.#reporting?.cancel();
    await this.#work;
    await Promise.all([...this.#commands.values()].map(({ all }) => all));
  }

  #withdraw(below = Number.POSITIVE_INFINITY): void {
    for (const [command, permit] of this.#permits) {
      if (command.revision >= below) continue;
      permit.abort();
      if (!this.#waitNoMore(command)) continue;
      this.#permits.delete(command);
      this.#answer(command, SWITCHED_OFF);
    }
  }

  #hangUp(): void {
    this.#listening?.abort();
    this.#listening = undefined;
    this.#reporting?.cancel();
    this.#reporting = undefined;
  }

  #listen(): void {
    if (this.#listening !== undefined || this.#stopped || !this.#enabled || this.#targets.size === 0) return;
    const listening = new AbortController();
    this.#listening = listening;
    const { place } = this.#options;
    if (place === undefined) void this.#keepListening(listening.signal);
    else place.hold((signal) => this.#keepListening(signal), listening.signal);
  }

  async #keepListening(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    let attempt = 0;
    while (!signal.aborted) {
      let waitMs = this.#notBefore - clock.monotonic();
      if (waitMs <= 0) {
        let answered = false;
        const heard = () => {
          answered = true;
          attempt = 0;
        };
        try {
          const { status, retryAfter } = await this.#listenOnce(signal, heard);
          this.#leaveAlone(status, retryAfter);
        } catch (cause) {
          if (!signal.aborted && attempt === 0) this.#problem(answered ? BROKE : UNANSWERED, cause);
        }
        if (this.#notBefore > clock.monotonic()) continue;
        waitMs = fullJitter(attempt++, BACKOFF, random);
      }
      await clock.sleep(waitMs, signal).catch(() => undefined);
    }
  }

  /** Keeps to it when the API refuses, or says when to come again. */
  #leaveAlone(status: number, retryAfter: string | undefined): void {
    const { clock, random } = this.#options;
    let forMs = 0;
    if ([401, 403, 404, 405].includes(status)) {
      this.#problem(`The control channel is refused (${status}); it is asked for again in some minutes.`);
      forMs = SELDOM_MS * (0.5 + random() / 2);
    } else if (/^\d{1,5}$/.test(retryAfter ?? '')) forMs = Number(retryAfter) * 1_000 * (1 + random());
    this.#notBefore = clock.monotonic() + forMs;
  }

  async #listenOnce(outer: AbortSignal, heard: () => void) {
    const { link, clock, service, instance } = this.#options;
    const ending = new AbortController();
    const stop = () => ending.abort(outer.reason);
    outer.addEventListener('abort', stop, { once: true });
    let heartbeatMs = HEARTBEAT_MS;
    let watchdog: Timer | undefined;
    const alive = () => {
      watchdog?.cancel();
      const silent = () => ending.abort(new Error('the control channel is silent'));
      watchdog = clock.setTimer(silent, MISSED_HEARTBEATS * heartbeatMs, { unref: true });
    };
    const event = (one: StreamEvent) => {
      const told = readEvent(one);
      if (told?.kind === 'hello') {
        heard();
        heartbeatMs = Math.min(120_000, Math.max(1_000, told.hello.heartbeatMs));
        alive();
      }
      if (!outer.aborted) this.#take(one);
    };
    alive();
    try {
      this.#began ??= clock.monotonic();
      const ageMs = Math.floor(clock.monotonic() - this.#began);
      return await link.listen({ service, instance, ageMs }, this.#lastId, { event, bytes: alive }, ending.signal);
    } finally {
      watchdog?.cancel();
      outer.removeEventListener('abort', stop);
    }
  }

  /** The state is stepped at once, so that the order is that of the stream; the effects are done in turn. */
  #take(one: StreamEvent): void {
    const event = readEvent(one);
    const { id } = one;
    if (event === undefined) {
      // What is not understood is taken in all the same: it would come again for ever.
      if (id !== undefined && id !== '') this.#lastId = id;
      this.#problem('The control channel said something that this version does not know.');
      return;
    }
    const { state, effects } = step(this.#channel, event, this.#now());
    this.#channel = state;
    this.#withdraw(withdrawnBelow(state));
    // What is of the future comes again with the next connection, and is looked at anew.
    const early = effects.some((effect) => effect.kind === 'ignore' && effect.why === 'from_the_future');
    if (!early && id !== undefined && id !== '') this.#lastId = id;
    for (const effect of effects)
      if (effect.kind === 'run') this.#doInTurn(effect.command);
      else this.#do(() => this.#perform(effect));
  }

  #now(): Now {
    const { clock } = this.#options;
    return { wall: clock.now(), monotonic: clock.monotonic() };
  }

  #do(work: () => Promise<void>): void {
    this.#work = this.#work.then(work).catch((cause: unknown) => this.#problem('Controlling a cache failed.', cause));
  }

  #doInTurn(command: ControlCommand): void {
    const { cache } = command;
    const permit = this.#permits.get(command) ?? new AbortController();
    this.#permits.set(command, permit);
    const { all = DONE, butWarming = DONE } = this.#commands.get(cache) ?? {};
    const { do: what } = command.operation;
    const turn = Promise.all([this.#work, REMOVALS.includes(what) ? butWarming : all])
      .then(() => this.#run(command, permit.signal))
      .catch((cause: unknown) => this.#problem('A command to a cache failed.', cause))
      .finally(() => {
        if (!this.#waiting.has(command)) this.#permits.delete(command);
      });
    const underWay: UnderWay = {
      all: Promise.all([all, turn]).then(() => {
        if (this.#commands.get(cache) === underWay) this.#commands.delete(cache);
      }),
      butWarming: what === 'warm' ? butWarming : turn,
    };
    this.#commands.set(cache, underWay);
  }

  async #perform(effect: Exclude<ChannelEffect, { kind: 'run' }>): Promise<void> {
    switch (effect.kind) {
      case 'settle':
        return this.#settle(effect.state);
      case 'refuse':
        return this.#answer(effect.command, effect.why);
      case 'ignore':
        if (effect.why === 'from_the_future') this.#problem('Settings from the future are not applied.');
    }
  }

  async #settle(state: ControlState): Promise<void> {
    // A newer one waits already: only the latest matters.
    if (this.#channel.current !== state) return;
    if (state.on)
      for (const [cache, controlled] of this.#targets) {
        if (!this.#enabled) return;
        const settings = Object.hasOwn(state.caches, cache) ? state.caches[cache]! : {};
        // One cache that fails at it must keep the state from no other one, nor from being acknowledged.
        await this.#apply(cache, controlled, settings, state).catch((cause: unknown) => {
          controlled.refused = FAILED;
          this.#problem(`Settings of cache ${cache} could not be applied.`, cause);
        });
      }
    this.#settled = state.revision;
    this.#reportSoon();
  }

  async #apply(cache: string, controlled: Controlled, settings: ControlSettings, state: ControlState): Promise<void> {
    const told = JSON.stringify(settings);
    if (told === controlled.told) return;
    const { target } = controlled;
    const { revision, authors = {} } = state;
    const by = Object.hasOwn(authors, cache) ? authors[cache]! : state.by;
    const { settings: taken, refused } = applicable(settings, target.describe());
    const applied = JSON.stringify(taken);
    const isNew = applied !== controlled.applied;
    const failed = isNew ? await safely(() => target.apply(taken, { revision, by })) : undefined;
    controlled.refused = failed ?? refused;
    controlled.told = told;
    if (controlled.refused !== undefined)
      this.#problem(`Settings of cache ${cache} are refused: ${controlled.refused.reason}`);
    if (!isNew || failed !== undefined) return;
    controlled.applied = applied;
    const inForce = { ...flatSettings(taken), ...target.describe().settings };
    this.#options.changed({
      cache,
      change: 'settings',
      by: by.role,
      revision,
      settings: Object.fromEntries(Object.entries(inForce).slice(0, MAX_TOLD_SETTINGS)),
    });
  }

  async #run(command: ControlCommand, permit: AbortSignal): Promise<void> {
    const { operation, dryRun, by, cache, revision } = command;
    if (!this.#enabled) return;
    const refused = permit.aborted ? SWITCHED_OFF : refusalOf(this.#channel, command, this.#now());
    if (refused !== undefined) return this.#answer(command, refused);
    const controlled = this.#targets.get(cache);
    if (controlled === undefined) return this.#wait(command);
    const { target } = controlled;
    const outcome: OperationOutcome =
      (await safely(async () => operationBeyond(operation, target.describe().bounds))) ??
      (await safely(() => target.run(operation, { dryRun, by, signal: permit })));
    this.#answer(command, outcome);
    const change = operation.do === 'verify' && operation.repair !== true ? undefined : CHANGES[operation.do];
    const { entries, bytes } = outcome;
    // What broke off has changed what it had come to.
    const needsEntries = isRefused(outcome) || TOLD_OF_ENTRIES.includes(operation.do);
    if (dryRun || change === undefined || (needsEntries && !entries)) return;
    this.#options.changed({
      cache,
      change,
      by: by.role,
      revision,
      ...(operation.tier !== undefined && { tier: operation.tier }),
      ...(entries !== undefined && { entries }),
      ...(bytes !== undefined && { bytes }),
    });
  }

  /**
   * For its cache, as long as it is valid: caches open one after the other, and one may be made anew. Only what is for
   * correctness waits: a cache that was just opened and exports would replace a good snapshot with an empty one.
   */
  #wait(command: ControlCommand): void {
    const over = () => {
      this.#waitNoMore(command);
      this.#permits.delete(command);
      this.#answer(command, { refused: 'unknown_cache', reason: 'This instance has opened no such cache.' });
    };
    if (this.#stopped) return;
    if (!isForLater(command) || this.#waiting.size >= MAX_WAITING_COMMANDS) return over();
    const left = leftMs(this.#channel, command.validUntil, this.#now());
    const timer = this.#options.clock.setTimer(over, left - Math.min(ANSWER_BEFORE_MS, left / 2), { unref: true });
    this.#waiting.set(command, timer);
  }

  /** Says whether it was waiting. */
  #waitNoMore(command: ControlCommand): boolean {
    this.#waiting.get(command)?.cancel();
    return this.#waiting.delete(command);
  }

  #answer({ id }: ControlCommand, outcome: Omit<CommandAnswer, 'command'>): void {
    this.#answers.push({ command: id, ...outcome });
    if (this.#answers.length > MAX_WAITING_ANSWERS) this.#answers.shift();
    this.#reportSoon();
  }

  #reportSoon(delayMs = this.#options.random() * SPREAD_MS): void {
    if (this.#sending) this.#again = true;
    if (this.#sending || this.#reporting !== undefined || this.#stopped || !this.#enabled) return;
    this.#reporting = this.#options.clock.setTimer(
      () => {
        this.#reporting = undefined;
        void this.#report();
      },
      delayMs,
      { unref: true },
    );
  }

  async #report(): Promise<void> {
    const { link, clock, random, service, instance, version } = this.#options;
    this.#sending = true;
    this.#again = false;
    const answers = this.#answers.slice(0, MAX_ANSWERS);
    let done = false;
    let final = false;
    const ending = new AbortController();
    this.#reportEnding = ending;
    const timer = clock.setTimer(() => ending.abort(new Error('no answer in time')), REPORT_TIMEOUT_MS, {
      unref: true,
    });
    try {
      const report: InstanceReport = {
        emitter: { service, instance, ...(version !== undefined && { version }) },
        ...(this.#settled !== undefined && { revision: this.#settled, caches: this.#described() }),
        answers,
      };
      const { status } = await link.report(report, ending.signal);
      done = status >= 200 && status < 300;
      // What is refused as it is will be refused again.
      final = status >= 400 && status < 500 && status !== 429 && status !== 408;
      if (final) this.#problem(`A report to the control channel is refused (${status}).`);
    } catch {
      // Tried again below.
    } finally {
      timer.cancel();
      this.#sending = false;
    }
    if (done || final) {
      const sent = new Set(answers);
      this.#answers = this.#answers.filter((one) => !sent.has(one));
      this.#reportAttempt = 0;
      if (this.#again || this.#answers.length > 0) this.#reportSoon();
      return;
    }
    // Answers that nobody waits for any more are left out by the API.
    this.#reportSoon(fullJitter(this.#reportAttempt++, BACKOFF, random));
  }

  #described(): NonNullable<InstanceReport['caches']> {
    return [...this.#targets.values()]
      .slice(0, MAX_CACHES)
      .map(({ target, refused }) => ({ description: target.describe(), ...refused }));
  }

  #problem(message: string, cause?: unknown): void {
    this.#options.onProblem?.(message, cause);
  }
}

const BROKE = 'The control channel broke; it is tried again.';
/** A page is not told more than that: its browser keeps from it whether a server answered that does not allow its origin. */
const UNANSWERED =
  'The control channel has no answer; it is tried again. There is no network or no server, or, in a page, the API does not allow its origin (ALPERF_ORIGINS).';

const DONE = Promise.resolve();

const REMOVALS: readonly ControlOperation['do'][] = ['clear', 'invalidate'];

/** As many as a `cache.change` takes. */
const MAX_TOLD_SETTINGS = 32;

/** What is told of an operation that changed entries. */
const CHANGES: Readonly<Partial<Record<ControlOperation['do'], CacheChange['change']>>> = {
  clear: 'cleared',
  invalidate: 'invalidated',
  warm: 'warmed',
  import: 'imported',
  pin: 'pinned',
  unpin: 'unpinned',
  verify: 'repaired',
};
/** Of these nothing is told when there was nothing to do. */
const TOLD_OF_ENTRIES: readonly string[] = ['pin', 'unpin', 'verify'];

function isRefused(outcome: object): outcome is Refused {
  return 'refused' in outcome && outcome.refused !== undefined;
}

/** A target must not throw; one that does all the same has failed. Its message may hold a key: it stays here. */
async function safely<Outcome>(work: () => Promise<Outcome>): Promise<Outcome | Refused> {
  try {
    return await work();
  } catch {
    return FAILED;
  }
}

const FAILED: Refused = { refused: 'failed', reason: 'The cache failed at it.' };
