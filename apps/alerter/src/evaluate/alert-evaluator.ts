import { afterBreak, step, type Alert, type AlertState, type Transition } from '#libs/alerting';
import { PipelineError } from '#libs/contracts';
import type { Logger, Metrics } from '#libs/operations';
import { FencedError } from '#libs/state-store';
import type { Clock, Timer } from '#libs/time';
import type { AlerterConfig } from '../config.js';
import { AlerterTelemetry, type AlerterView } from '../telemetry.js';
import type { AlertStore, AlertWriter, StoredAlerts } from './alert-store.js';
import { LOOK_TIMEOUT_MS, type PipelineCondition } from './condition.js';
import { pipelineRules, stateRule, stateUnreachable, type PipelineRule } from './pipeline-rules.js';

export interface AlertEvaluatorParts {
  readonly look: () => Promise<PipelineCondition>;
  readonly store: AlertStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

const NOTHING: StoredAlerts = { byFingerprint: new Map(), unreadable: [], at: undefined };

/**
 * Looks, decides, stores, then shows: nothing is served, exported or logged of an evaluation before its outcome is
 * durable, and an outcome that could not be stored has no effect.
 *
 * One alerter evaluates, the one that started last: it opens the scope of the state, which fences the one before. That
 * one notices at its next write, serves what is stored from then on, and takes over again when the beat of the other
 * has stood still for `takeoverMs` of its own monotonic clock (wall clocks need not agree).
 */
export class AlertEvaluator implements AlerterView {
  readonly #rules: readonly PipelineRule[];
  readonly #takeoverMs: number;
  readonly #telemetry: AlerterTelemetry;
  #writer: AlertWriter | undefined;
  #standsBy = false;
  #beat: { readonly version: bigint | undefined; readonly since: number } | undefined;
  /** As stored; what is served. */
  #stored = NOTHING;
  #before: PipelineCondition | undefined;
  #unknown: ReadonlySet<string> = new Set();
  /** The alert on the state itself: not stored. */
  #stateAlerts: AlertState = new Map();
  #timer: Timer | undefined;
  #turn: Promise<void> = Promise.resolve();
  #stopped = true;

  constructor(
    private readonly config: AlerterConfig,
    private readonly parts: AlertEvaluatorParts,
  ) {
    this.#rules = pipelineRules(config);
    this.#telemetry = new AlerterTelemetry(parts.metrics, this);
    // Longer than the slowest evaluation, so that one that waits for a dependency is not taken for dead.
    this.#takeoverMs = Math.max(3 * config.alertIntervalMs, config.alertIntervalMs + LOOK_TIMEOUT_MS + 1_000);
  }

  /** Whether this one evaluates; otherwise it stands by, or has not begun. */
  get evaluating(): boolean {
    return this.#writer !== undefined && !this.#standsBy;
  }

  get standsBy(): boolean {
    return this.#standsBy;
  }

  get ruleNames(): string[] {
    return this.#rules.map(({ alert }) => alert);
  }

  get unknown(): ReadonlySet<string> {
    return this.#unknown;
  }

  /** What is pending or fires, as stored, and the alert on the state itself. */
  get active(): Alert[] {
    return [...this.#stored.byFingerprint.values(), ...this.#stateAlerts.values()].filter(
      ({ state }) => state !== 'inactive',
    );
  }

  start(): void {
    this.#stopped = false;
    this.#schedule(0);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    // First: it ends the attempts of a write to brokers that do not answer.
    await this.#writer?.close();
    await this.#turn;
  }

  #schedule(delayMs: number): void {
    if (this.#stopped) return;
    this.#timer = this.parts.clock.setTimer(() => {
      this.#turn = this.#once().then(() => this.#schedule(this.config.alertIntervalMs));
    }, delayMs);
  }

  /** Never rejects. */
  async #once(): Promise<void> {
    try {
      if (!this.#standsBy || (await this.#othersAreSilent())) {
        this.#writer ??= await this.#takeOver();
        await this.#evaluate(this.#writer);
      }
      this.#judgeState();
    } catch (error) {
      if (this.#stopped) return;
      if (error instanceof FencedError) return this.#giveWay();
      const reason = error instanceof Error ? error.message : String(error);
      const code = error instanceof PipelineError ? error.code : 'UNEXPECTED';
      this.#telemetry.failed(code);
      this.parts.log.warn('Alerts could not be evaluated and stored; this evaluation has no effect.', { code, reason });
      this.#judgeState(reason);
    }
  }

  /** The alert on the state itself. @param reason why it does not answer; left out when it does. */
  #judgeState(reason?: string): void {
    const observations = reason === undefined ? [] : [stateUnreachable(reason)];
    const { state, transitions } = step(
      stateRule(this.config),
      this.#stateAlerts,
      this.parts.clock.now(),
      observations,
    );
    this.#stateAlerts = state;
    this.#tell(transitions);
  }

  async #takeOver(): Promise<AlertWriter> {
    const { store, log } = this.parts;
    const writer = await store.takeOver();
    try {
      // After the opening, since whoever evaluated before may write until then.
      this.#stored = await store.read();
    } catch (error) {
      await writer.close();
      throw error;
    }
    this.#standsBy = false;
    if (this.#stored.unreadable.length > 0)
      log.error('Stored alerts cannot be read and are left out.', { fingerprints: this.#stored.unreadable });
    const counted = (state: string) => this.active.filter((one) => one.state === state).length;
    log.info('Alerts are evaluated here.', {
      epoch: Number(writer.epoch),
      pending: counted('pending'),
      firing: counted('firing'),
    });
    return writer;
  }

  async #evaluate(writer: AlertWriter): Promise<void> {
    const { clock, look } = this.parts;
    const started = clock.monotonic();
    const now = await look();
    if (this.#stopped) return;
    const before = this.#withoutBreak(now.at);
    const sinceLast = this.#sinceLast(now.at);
    const after = new Map<string, Alert>();
    const transitions: Transition[] = [];
    const unknown = new Set<string>();
    for (const rule of this.#rules) {
      const verdict = rule.judge(now, this.#before);
      const stored = new Map([...before].filter(([, one]) => one.labels['alertname'] === rule.alert));
      // What is pending waits from one look that knows to the next that does.
      const isKnown = !('unknown' in verdict) && !this.#unknown.has(rule.alert);
      const known = isKnown ? stored : afterBreak(stored, sinceLast);
      if ('unknown' in verdict) unknown.add(rule.alert);
      const stepped = 'unknown' in verdict ? undefined : step(rule, known, now.at, verdict.observations);
      for (const [fingerprint, alert] of stepped?.state ?? known) after.set(fingerprint, alert);
      transitions.push(...(stepped?.transitions ?? []));
    }
    await writer.save(this.#stored, after, now.at);
    this.#stored = { byFingerprint: after, unreadable: [], at: now.at };
    this.#before = now;
    this.#unknown = unknown;
    this.#telemetry.evaluationSeconds.observe((clock.monotonic() - started) / 1_000);
    this.#tell(transitions);
  }

  /** A hand-over to another alerter counts as watched; a longer time, of one that was stopped or slept, does not. */
  #withoutBreak(at: number): AlertState {
    const { byFingerprint, at: lastAt = at } = this.#stored;
    return at - lastAt > this.#takeoverMs ? afterBreak(byFingerprint, at - lastAt) : byFingerprint;
  }

  /** ms since the last evaluation that pending alerts may have waited; 0 over a break, which is left out already. */
  #sinceLast(at: number): number {
    const passed = at - (this.#stored.at ?? at);
    return passed > this.#takeoverMs ? 0 : Math.max(0, passed);
  }

  #tell(transitions: readonly Transition[]): void {
    for (const { from, to, alert } of transitions) {
      const { labels, annotations, value, activeAt } = alert;
      const summary = annotations['summary'];
      // Of one that is over it tells what was wrong when that was last seen.
      const fields = { labels, from, to, value, activeAt, ...(to === 'inactive' ? { was: summary } : { summary }) };
      // One that is pending may yet turn out to be nothing, as every rule does that waits for a program to have started.
      if (to === 'firing') this.parts.log.warn('Alert fires.', fields);
      else if (from === 'firing') this.parts.log.info('Alert is resolved.', fields);
      else this.parts.log.debug('Alert waits to fire, or no longer does.', fields);
    }
  }

  #giveWay(): void {
    this.#standsBy = true;
    this.#before = undefined;
    this.#beat = undefined;
    this.#stateAlerts = new Map();
    void this.#writer?.close();
    this.#writer = undefined;
    this.parts.log.info('Another alerter evaluates now; this one stands by.', { takeoverMs: this.#takeoverMs });
  }

  /** Looks whether the one who evaluates still does, and serves what it stored. */
  async #othersAreSilent(): Promise<boolean> {
    const { store, clock } = this.parts;
    const version = await store.beat();
    this.#stored = await store.read();
    const now = clock.monotonic();
    if (this.#beat === undefined || this.#beat.version !== version) this.#beat = { version, since: now };
    return now - this.#beat.since >= this.#takeoverMs;
  }
}
