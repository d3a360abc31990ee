import { CacheClosedError, LoadTimeoutError, LoopedLoadError } from '../errors.js';
import type { LoadOptions } from '../options.js';
import { asError } from '../tier/far-tier.js';
import { Answers } from './answers.js';
import { contextOf, nodeOf } from './context.js';
import { Deadlines, LONGEST_TIMER_MS } from './deadlines.js';
import { durationMs } from './duration.js';
import type { Flight, Outcome } from './flight.js';
import { Flights } from './flights.js';
import { Job } from './job.js';
import { Limiter } from './limiter.js';
import type { LoadsOptions, Origin, Wanted } from './loading.js';
import { ProcessLock } from './process-lock.js';

/** The loads of a cache that are under way: one for each key, a limited number at a time. */
export class Loads<Key, Value> {
  readonly limiter: Limiter;
  readonly #options: LoadsOptions<Value>;
  readonly #flights: Flights<Key, Value>;
  readonly #answers: Answers<Key, Value>;
  readonly #lock: ProcessLock<Key, Value>;
  readonly #jobs = new Set<Job<Key, Value>>();
  readonly #deadlines: Deadlines<Job<Key, Value>>;

  constructor(options: LoadsOptions<Value>) {
    this.#options = options;
    this.limiter = new Limiter(options.maxConcurrentLoads);
    this.#flights = new Flights(options);
    this.#answers = new Answers(options, this.#flights);
    this.#lock = new ProcessLock(options, this.#flights);
    this.#deadlines = new Deadlines(options.clock, this.#jobs, (job) =>
      job.abort(new LoadTimeoutError(options.cache, job.hardMs, job.waitsFor)),
    );
  }

  /** The flight of a key that whoever asks now may share: nothing was done to the key since it began. */
  joinable(encoded: string): Flight<Key, Value> | undefined {
    return this.#flights.joinable(encoded);
  }

  /**
   * Begins to bring in keys by one call of the origin: one key, where it has one at a time. `forced`: whatever the tiers
   * hold. Whoever calls must wait for the flights, or `keep` them.
   */
  start(
    wanted: readonly Wanted<Key>[],
    origin: Origin<Key, Value>,
    write: LoadOptions,
    { prefix, forced }: { readonly prefix: string; readonly forced: boolean },
  ): Flight<Key, Value>[] {
    const { loading, clock, stack } = this.#options;
    const hardMs = write.hardTimeout === undefined ? loading.hardMs : durationMs(write.hardTimeout, 'hardTimeout');
    const job = new Job<Key, Value>(this.#fail);
    for (const one of wanted) this.#flights.begin(one, job, write, prefix).forced = forced;
    const now = clock.monotonic();
    job.hardMs = hardMs;
    job.deadline = hardMs > LONGEST_TIMER_MS ? Number.POSITIVE_INFINITY : now + hardMs;
    this.#jobs.add(job);
    this.#deadlines.begin(job, now);
    if (stack.far.length > 0) void this.#askTiers(job, origin);
    else this.#enter(job, job.flights, origin);
    return job.flights;
  }

  /** Lets a flight go on when nobody waits for it. */
  keep(flight: Flight<Key, Value>): void {
    flight.waiters++;
  }

  /**
   * What a flight comes to, or what is held if that takes longer than the soft timeout, or fails and may be answered then.
   * Whoever leaves by its signal leaves the flight to the others; with the last one the load ends.
   */
  wait(flight: Flight<Key, Value>, options: LoadOptions): Promise<Outcome<Value>> {
    const { scope, cache, clock, loading } = this.#options;
    const { signal, within } = options;
    if (signal?.aborted === true) {
      this.#abandon(flight, signal.reason);
      return Promise.reject(signal.reason as Error);
    }
    const from = (within === undefined ? undefined : nodeOf(within)) ?? scope.current();
    const part = from === undefined || from.finished ? NOTHING_TO_PART : from.waitFor(flight.job.node);
    if (part === undefined) return Promise.reject(new LoopedLoadError(cache));
    flight.waiters++;
    const softMs = options.softTimeout === undefined ? loading.softMs : durationMs(options.softTimeout, 'softTimeout');
    return new Promise((resolve, reject) => {
      let waits = true;
      const leave = () => {
        if (!waits) return;
        waits = false;
        part();
        timer?.cancel();
        if (signal !== undefined) signal.removeEventListener('abort', onAbort);
      };
      const onAbort = () => {
        leave();
        reject(signal?.reason as Error);
        flight.waiters--;
        this.#abandon(flight, signal?.reason);
      };
      const answerOlder = (): boolean => {
        const older = this.#flights.usable(flight);
        if (older !== undefined) resolve({ value: older.value as Value, how: 'kept', found: older, older: true });
        return older !== undefined;
      };
      // The waiter's place is not given up: the load goes on.
      const timer =
        softMs > LONGEST_TIMER_MS ? undefined : clock.setTimer(() => void (answerOlder() && leave()), softMs);
      if (signal !== undefined) signal.addEventListener('abort', onAbort, { once: true });
      flight.whenSettled({
        landed: (outcome) => {
          leave();
          resolve(outcome);
        },
        crashed: (error) => {
          leave();
          if (!saves(error) || !answerOlder()) reject(error as Error);
        },
      });
    });
  }

  /** Ends every load. */
  abort(reason: Error): void {
    for (const job of this.#jobs) job.abort(reason);
  }

  /** What is under way: loaders running, and loads waiting for their turn. */
  get underWay(): { readonly running: number; readonly queued: number } {
    return { running: this.limiter.running, queued: this.limiter.queued };
  }

  // ---- one load ----

  /** Asks the tiers beyond memory, and then the origin for what they have not. */
  async #askTiers(job: Job<Key, Value>, origin: Origin<Key, Value>): Promise<void> {
    try {
      await this.#lookUp(job);
      if (this.#options.loading.lockAcrossProcesses && job.flights.length === 1 && !job.over) {
        job.waitsFor = 'process';
        await this.#lock.take(job.flights[0]!);
      }
      if (job.over) return;
      const open = job.flights.filter(({ settled }) => !settled);
      if (open.length > 0) this.#enter(job, open, origin);
      else this.#finish(job);
    } catch (error) {
      this.#fail(job, error);
    }
  }

  async #lookUp(job: Job<Key, Value>): Promise<void> {
    const asked = job.flights.filter(({ forced, older }) => !(forced && older !== undefined));
    if (this.#options.keepsNothing()) return;
    if (asked.length === 0) {
      // A tier hears of what others do once it is open: what a loader reads before could be outdated unseen.
      await this.#options.stack.opened;
      return;
    }
    const lookups = await this.#options.stack.lookupMany(
      asked.map(({ encoded }) => encoded),
      asked.map(({ watch }) => watch),
    );
    for (const [i, { first, ghostHits, found }] of lookups.entries()) {
      const flight = asked[i]!;
      flight.first = first;
      flight.ghostHits = ghostHits;
      this.#flights.take(flight, found);
    }
  }

  /** Calls the origin when it is this one's turn. */
  #enter(job: Job<Key, Value>, flights: readonly Flight<Key, Value>[], origin: Origin<Key, Value>): void {
    const permit = this.limiter.enter();
    job.permit = permit;
    job.node.permit = { limiter: this.limiter, permit };
    if (permit.waits && job.node.isNeededUnder(this.limiter)) permit.hurry();
    job.waitsFor = 'turn';
    if (!permit.waits) this.#call(job, flights, origin);
    else
      void permit.turn.then(() => {
        if (!job.over) this.#call(job, flights, origin);
      });
  }

  #call(job: Job<Key, Value>, flights: readonly Flight<Key, Value>[], origin: Origin<Key, Value>): void {
    const { clock, scope } = this.#options;
    job.startedAt = clock.monotonic();
    job.waitsFor = 'loader';
    const failed = (error: unknown) => this.#fail(job, error);
    if (origin.many === undefined) {
      const [flight] = flights as [Flight<Key, Value>];
      const { one } = origin;
      const context = contextOf(job, this.#previous(flight));
      begun(() => scope.run(job.node, () => one(flight.key, context))).then((answer) => {
        if (job.over) return;
        this.#finishAfter(job, this.#answers.accept(flight, answer, clock.monotonic() - job.startedAt!));
      }, failed);
      return;
    }
    const { many } = origin;
    const keys = flights.map(({ key }) => key);
    const context = contextOf(
      job,
      flights.map((flight) => this.#previous(flight)),
    );
    begun(() => scope.run(job.node, () => many(keys, context)))
      .then((answers) => {
        if (job.over) return;
        if (answers.length !== flights.length)
          throw new TypeError(
            `A batch loader of cache ${this.#options.cache} gave ${answers.length} answers for ${flights.length} keys. Give one for each, in their order; undefined for what there is not.`,
          );
        const loadMs = clock.monotonic() - job.startedAt!;
        const accepted = flights.map((flight, i) => this.#answers.accept(flight, answers[i], loadMs));
        this.#finishAfter(job, accepted.every((one) => one === undefined) ? undefined : Promise.all(accepted));
      })
      .catch(failed);
  }

  #previous(flight: Flight<Key, Value>) {
    const { older } = flight;
    if (older === undefined || older.negative) return undefined;
    return {
      value: older.value as Value,
      ageMs: this.#flights.ageOf(flight, older),
      ...(older.version !== undefined && { version: older.version }),
    };
  }

  #finishAfter(job: Job<Key, Value>, accepted: Promise<unknown> | undefined): void {
    if (accepted === undefined) this.#finish(job);
    else void accepted.then(() => this.#finish(job));
  }

  /** Ends what of it is still open: also when it is aborted. */
  readonly #fail = (job: Job<Key, Value>, error: unknown): void => {
    if (job.over) return;
    const { clock, recorder } = this.#options;
    const tookNs = job.startedAt === undefined ? undefined : (clock.monotonic() - job.startedAt) * 1e6;
    for (const flight of job.flights) {
      if (flight.settled) continue;
      if (job.permit !== undefined && !job.abandoned) recorder.loadFailed(tookNs);
      this.#flights.crash(flight, error);
    }
    this.#finish(job);
  };

  /**
   * A loader that does not heed its signal may still run: the limit is on those that somebody waits for, so that a handful
   * that hang for ever do not end all loading.
   */
  #finish(job: Job<Key, Value>): void {
    if (job.over) return;
    job.over = true;
    this.#jobs.delete(job);
    this.#deadlines.end();
    job.permit?.leave();
    job.node.finish();
    const { unlock } = job;
    // Others look when they get the lock, and must find what was written.
    if (unlock !== undefined)
      this.#options.stack
        .track(Promise.allSettled(job.writes).then(unlock))
        .catch((problem: unknown) => this.#options.onProblem(asError(problem)));
  }

  /** Ends the load when nobody waits for any of its flights. */
  #abandon(flight: Flight<Key, Value>, reason: unknown): void {
    const { job } = flight;
    if (job.over || job.flights.some(({ settled, waiters }) => !settled && waiters > 0)) return;
    if (!job.abandoned) this.#options.counts.abandoned++;
    job.abandoned = true;
    job.abort(reason);
  }
}

const NOTHING_TO_PART = (): void => undefined;

/** What a call comes to, as a promise, whether it answers at once, later, or throws. */
function begun<Answer>(call: () => Answer | Promise<Answer>): Promise<Answer> {
  try {
    return Promise.resolve(call());
  } catch (error) {
    return Promise.reject(error as Error);
  }
}

/** Errors in whose place what is held may be answered: the origin failed, not whoever asked it. */
function saves(error: unknown): boolean {
  return !(error instanceof CacheClosedError || error instanceof LoopedLoadError);
}
