import { fullJitter, type Clock } from '#libs/time';
import { SpooledBatchGone, type Transport } from '../ports.js';
import type { Counters } from '../stats.js';
import type { FinalBatch } from './final-batch.js';
import type { Outbox } from './outbox.js';
import { judge, type Verdict } from './verdict.js';

export interface SenderOptions {
  readonly outbox: Outbox;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: () => number;
  readonly counters: Counters;
  /** The bytes of a batch, from memory or the spool; undefined when they cannot be had yet. */
  readonly bodyOf: (batch: FinalBatch) => Promise<Uint8Array | undefined>;
  /** The batch is done with. */
  readonly onDone: (batch: FinalBatch) => Promise<void>;
  /** The batch cannot be had now, and holds up those behind it: it stays in the spool for a later process. */
  readonly onLeft: (batch: FinalBatch) => Promise<void>;
  /** The batch was too large. */
  readonly onSplit: (batch: FinalBatch) => Promise<void>;
}

/**
 * No collector takes events older than this, so that sending them is in vain, ms. Each takes what its `ALPERF_LATE_HOURS`
 * allows, 48 h by default, and answers for each event; this is the most that can be set.
 */
export const TOO_OLD_MS = 144 * 3_600_000;

const RETRY = { baseMs: 500, capMs: 30_000 };
/** Attempts to read a batch before those behind it have their turn: a minute or so. */
const MOST_READS = 8;
/** Somebody has to mend a key or an address first. */
const UNAUTHORIZED = { baseMs: 60_000, capMs: 600_000 };
/** After a beacon, which has no answer, the page is probably going: only a surviving one sends again. */
export const BEACON_HOLD_MS = 5_000;

/**
 * Sends one batch after the other, each until it is acknowledged or finally refused. One at a time: `closedThrough` of a
 * batch then never arrives before the batches that it speaks of.
 */
export class Sender {
  readonly #options: SenderOptions;
  #inFlight: FinalBatch | undefined;
  #attempt = 0;
  /** How often the batch at the head could not be read. */
  #unread = 0;
  readonly #stop = new AbortController();
  #endWait: (() => void) | undefined;
  #wakeUp: (() => void) | undefined;
  #awake = false;
  #progressed: (() => void)[] = [];
  #holdUntil = 0;
  /** A collector asked for peace until then; nothing hurries that. */
  #notBefore = 0;
  readonly #running: Promise<void>;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  /** The batch that is being sent or waits for its next attempt after an unanswered one. */
  get inFlight(): FinalBatch | undefined {
    return this.#inFlight;
  }

  /** There is something new in the outbox. */
  wake(): void {
    this.#awake = true;
    this.#wakeUp?.();
  }

  /** Ends a wait for the next attempt, as far as it is this emitter's own and no collector asked for it. */
  hurry(): void {
    this.#holdUntil = 0;
    this.#endWait?.();
    this.wake();
  }

  holdBack(): void {
    this.#holdUntil = this.#options.clock.monotonic() + BEACON_HOLD_MS;
  }

  /** Resolves when the next batch is done with. */
  progress(): Promise<void> {
    return new Promise((resolve) => this.#progressed.push(resolve));
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#endWait?.();
    this.wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const batch = this.#options.outbox.next();
      if (batch === undefined) {
        await this.#sleepUntilWoken();
        continue;
      }
      const hold = Math.max(this.#holdUntil, this.#notBefore) - this.#options.clock.monotonic();
      if (hold > 0) await this.#wait(hold);
      else
        await this.#attemptOnce(batch).catch(async (cause: unknown) => {
          this.#options.counters.problem('internal', 'Sending failed and is tried again.', cause);
          await this.#backOff(RETRY, 0);
        });
    }
  }

  async #attemptOnce(batch: FinalBatch): Promise<void> {
    const { clock, counters, bodyOf, onDone, transport } = this.#options;
    if (clock.now() - batch.finalAt > TOO_OLD_MS) {
      counters.drop('too_old', batch.events);
      counters.announceAgain(batch.dropped);
      return this.#finish(onDone(batch));
    }
    let body: Uint8Array | undefined;
    try {
      body = await bodyOf(batch);
      this.#unread = 0;
    } catch (cause) {
      return this.#unreadable(batch, cause);
    }
    // Still being compressed; whoever does it wakes us.
    if (body === undefined) return this.#sleepUntilWoken();
    this.#inFlight = batch;
    let verdict: Verdict;
    try {
      const answer = await transport.send({ body, encoding: batch.encoding }, this.#stop.signal);
      verdict = judge(answer, clock.now(), batch.events);
    } catch (cause) {
      if (this.#stop.signal.aborted) return;
      if (this.#attempt === 0) counters.problem('unreachable', 'No answer from the collector; trying again.', cause);
      verdict = { kind: 'retry', afterMs: 0 };
    } finally {
      this.#inFlight = undefined;
    }
    await this.#act(batch, verdict);
  }

  async #act(batch: FinalBatch, verdict: Verdict): Promise<void> {
    const { counters, onDone, onSplit } = this.#options;
    switch (verdict.kind) {
      case 'accepted':
        counters.sentBatches++;
        counters.accepted += batch.events - verdict.rejected;
        counters.rejected += verdict.rejected;
        if (verdict.rejected > 0)
          counters.problem('rejected', `The collector rejected ${verdict.rejected} events: ${verdict.reason}`);
        return this.#finish(onDone(batch));
      case 'split':
        return this.#finish(onSplit(batch));
      case 'refused':
        counters.problem('refused', `The collector refused a batch for good: ${verdict.reason}`);
        counters.drop('refused', batch.events);
        counters.announceAgain(batch.dropped);
        return this.#finish(onDone(batch));
      case 'unauthorized':
        counters.problem('unauthorized', `The collector lets no batch in: ${verdict.reason}`);
        return this.#backOff(UNAUTHORIZED, UNAUTHORIZED.baseMs / 2);
      case 'retry':
        this.#notBefore = this.#options.clock.monotonic() + verdict.afterMs;
        return this.#backOff(RETRY, verdict.afterMs);
    }
  }

  async #finish(work: Promise<void>): Promise<void> {
    this.#attempt = 0;
    await work;
    for (const resolve of this.#progressed.splice(0)) resolve();
  }

  /** At least `atLeastMs`, which a collector asked for, and full jitter on top, so that many do not return as one. */
  #backOff(backoff: typeof RETRY, atLeastMs: number): Promise<void> {
    this.#options.counters.retries++;
    return this.#wait(atLeastMs + fullJitter(this.#attempt++, backoff, this.#options.random));
  }

  /** Waits, until `hurry` or `stop` end it. It does not keep the host's process alive. */
  async #wait(ms: number): Promise<void> {
    if (this.#stop.signal.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = this.#options.clock.setTimer(resolve, ms, { unref: true });
      this.#endWait = () => {
        timer.cancel();
        resolve();
      };
    });
    this.#endWait = undefined;
  }

  /** Lost only where its bytes are not there: too many open files, or a disk that is away, are over some time. */
  async #unreadable(batch: FinalBatch, cause: unknown): Promise<void> {
    const { counters, onDone, onLeft } = this.#options;
    if (cause instanceof SpooledBatchGone) {
      counters.problem('spool', 'A spooled batch is not there any more.', cause);
      counters.drop('spool_full', batch.events);
      counters.announceAgain(batch.dropped);
      return this.#finish(onDone(batch));
    }
    this.#unread++;
    if (this.#unread === 1) counters.problem('spool', 'A spooled batch cannot be read now; trying again.', cause);
    if (this.#unread < MOST_READS) return this.#backOff(RETRY, 0);
    this.#unread = 0;
    counters.problem('spool', 'A spooled batch cannot be read; the spool keeps it until the next start.', cause);
    return this.#finish(onLeft(batch));
  }

  async #sleepUntilWoken(): Promise<void> {
    if (!this.#awake && !this.#stop.signal.aborted)
      await new Promise<void>((resolve) => {
        this.#wakeUp = resolve;
      });
    this.#awake = false;
    this.#wakeUp = undefined;
  }
}
