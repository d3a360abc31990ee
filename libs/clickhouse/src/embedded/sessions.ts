import { Session } from 'chdb';
import type { Clock } from '#libs/time';
import { asEngineError, EngineError } from './engine-error.js';

export interface Work {
  /** Applied before the statement, in this order; `readonly` comes last, since nothing can be set after it. */
  readonly settings: readonly (readonly [name: string, value: string])[];
  readonly parameters: readonly (readonly [name: string, value: string])[];
  readonly database: string | undefined;
  readonly queryId: string;
  readonly signal: AbortSignal;
}

export interface Output {
  readonly bytes: Buffer;
  readonly rowsRead: number;
  readonly bytesRead: number;
}

export type Run = (sql: string, format?: string) => Promise<Output>;

/** `people` reads like `read`, in places of its own: what people ask must not stop what the pipeline reads. */
export type Sort = 'read' | 'people' | 'write';

export interface SessionLimits {
  readonly readers: number;
  readonly people: number;
  readonly writers: number;
  /** Requests that may wait for their turn, of each sort. */
  readonly waiting: number;
}

const KILL_AGAIN_MS = 100;

/** A bound on how many do a thing at once; a few more may wait, the rest are refused. */
class Turnstile {
  #inside = 0;
  readonly #queue: (() => void)[] = [];

  constructor(
    private readonly places: number,
    private readonly waiting: number,
  ) {}

  async enter(): Promise<() => void> {
    if (this.#inside >= this.places) {
      if (this.#queue.length >= this.waiting)
        throw new EngineError(
          202,
          'TOO_MANY_SIMULTANEOUS_QUERIES',
          `Too many simultaneous queries: ${this.places} run and ${this.waiting} wait.`,
        );
      await new Promise<void>((resolve) => this.#queue.push(resolve));
    } else this.#inside++;
    return () => {
      const next = this.#queue.shift();
      if (next === undefined) this.#inside--;
      else next();
    };
  }
}

/**
 * The engine's connections. One new Session a request, since a session's settings are sticky; one root Session keeps the
 * engine open in between and kills queries whose client went away.
 */
export class Sessions {
  readonly #root: Session;
  readonly #turnstiles: Readonly<Record<Sort, Turnstile>>;
  readonly #running = new Set<Promise<unknown>>();
  readonly #closing = new AbortController();
  #count = 0;
  #closed = false;

  constructor(
    private readonly path: string,
    { readers, people, writers, waiting }: SessionLimits,
    private readonly clock: Clock,
  ) {
    this.#root = new Session(path);
    this.#turnstiles = {
      read: new Turnstile(readers, waiting),
      people: new Turnstile(people, waiting),
      write: new Turnstile(writers, waiting),
    };
  }

  /** Gives `task` a session of its own, prepared as `work` says; closed afterwards whatever happened. */
  with<Result>(sort: Sort, work: Work, task: (run: Run) => Promise<Result>): Promise<Result> {
    if (this.#closed) return Promise.reject(closing());
    const running = this.#with(sort, work, task);
    this.#running.add(running);
    const forget = () => this.#running.delete(running);
    running.then(forget, forget);
    return running;
  }

  /** For the engine's own statements. */
  async root(sql: string): Promise<void> {
    try {
      await this.#root.queryAsync(sql);
    } catch (error) {
      throw asEngineError(error);
    }
  }

  /**
   * Refuses what waits, lets what runs end for `graceMs`, kills the rest, and waits as long again.
   * Resolves to false when a query outlived even that: the data is then open until the process ends.
   */
  async close(graceMs: number): Promise<boolean> {
    if (this.#closed) return true;
    this.#closed = true;
    if (!(await this.#ended(graceMs))) {
      this.#closing.abort();
      if (!(await this.#ended(graceMs))) return false;
    }
    this.#root.cleanup();
    return true;
  }

  async #ended(withinMs: number): Promise<boolean> {
    const done = Promise.allSettled(this.#running).then(() => true);
    const late = new AbortController();
    const timeout = this.clock.sleep(withinMs, late.signal).then(
      () => false,
      () => true,
    );
    const ended = await Promise.race([done, timeout]);
    late.abort();
    return ended;
  }

  async #with<Result>(sort: Sort, work: Work, task: (run: Run) => Promise<Result>): Promise<Result> {
    const leave = await this.#turnstiles[sort].enter();
    try {
      if (this.#closed) throw closing();
      if (work.signal.aborted) throw cancelled();
      const session = new Session(this.path);
      try {
        return await this.#prepared(session, work, task);
      } finally {
        session.cleanup();
      }
    } finally {
      leave();
    }
  }

  async #prepared<Result>(session: Session, work: Work, task: (run: Run) => Promise<Result>): Promise<Result> {
    // A query id may come twice, the number does not; KILL QUERY by id looks behind the colon.
    const comment = `${++this.#count}:${work.queryId}`;
    const run: Run = async (sql, format = 'TabSeparated') => {
      try {
        const result = await session.queryAsync(sql, { format });
        return { bytes: Buffer.from(result.bytes()), rowsRead: result.rowsRead, bytesRead: result.bytesRead };
      } catch (error) {
        throw asEngineError(error);
      }
    };
    const stop = AbortSignal.any([work.signal, this.#closing.signal]);
    const early = work.settings.filter(([name]) => name !== 'readonly' && name !== 'log_comment');
    const readonly = work.settings.find(([name]) => name === 'readonly');
    const assignments = [
      ...early.map(([name, value]) => `${name} = ${quote(value)}`),
      ...work.parameters.map(([name, value]) => `param_${name} = ${quote(value)}`),
      `log_comment = ${quote(comment)}`,
      "session_timezone = 'UTC'",
    ];
    if (work.database !== undefined) await run(`USE ${quoteName(work.database)}`);
    await run(`SET ${assignments.join(', ')}`);
    if (readonly !== undefined) await run(`SET readonly = ${quote(readonly[1])}`);
    if (stop.aborted) throw cancelled();
    const ended = new AbortController();
    const onAbort = () => void this.#kill(comment, ended.signal);
    stop.addEventListener('abort', onAbort, { once: true });
    try {
      return await task(run);
    } finally {
      stop.removeEventListener('abort', onAbort);
      ended.abort();
    }
  }

  /** Again and again until the query has ended: a KILL that comes before the query is known to the engine finds nothing. */
  async #kill(comment: string, ended: AbortSignal): Promise<void> {
    while (!ended.aborted) {
      await this.root(`KILL QUERY WHERE Settings['log_comment'] = ${quote(comment)} ASYNC`).catch(() => undefined);
      await this.clock.sleep(KILL_AGAIN_MS, ended).catch(() => undefined);
    }
  }
}

function cancelled(): EngineError {
  return new EngineError(394, 'QUERY_WAS_CANCELLED', 'The client went away before the query ran.');
}

function closing(): EngineError {
  return new EngineError(236, 'ABORTED', 'The engine is shutting down.');
}

/** A name in backticks. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;
}

/** A string literal of ClickHouse. */
export function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\0', '\\0')}'`;
}
