import { SqlError } from './sql-error.js';
import type { SqlLimits } from './sql-limits.js';

/** A place among the queries that run at once. */
export interface Turn {
  /** Keeps the place until the engine is through with `work` as well, also when nobody waits for that any more. */
  hold(work: Promise<unknown>): void;
  /** The asker needs it no more. Idempotent. */
  end(): void;
}

export type TurnLimits = Pick<
  SqlLimits,
  'maxConcurrent' | 'maxConcurrentPerClient' | 'maxWaiting' | 'maxWaitingPerClient'
>;

interface Client {
  running: number;
  /** The one who came first is first. */
  readonly waiting: Set<() => void>;
}

/**
 * A bound on how many queries run at once; some more may wait, the rest are refused. No client gets all places nor the
 * whole queue, and a place that comes free goes to the client that has fewest, or was served longest ago: however many long
 * queries one has, another's short one waits for the end of one at most.
 */
export class Turns {
  #running = 0;
  #waiting = 0;
  /** Who runs or waits; the one who was served longest ago is first. */
  readonly #clients = new Map<string, Client>();

  constructor(private readonly limits: TurnLimits) {}

  /** Resolves when it is the turn of `name`'s query. @throws SqlError, or the signal's reason */
  async take(name: string, signal: AbortSignal): Promise<Turn> {
    signal.throwIfAborted();
    const client = this.#clients.get(name) ?? { running: 0, waiting: new Set() };
    // Nobody is overtaken: while a place is free, all who wait have as many as one client may have.
    if (this.#hasPlaceFor(client)) this.#start(name, client);
    else await this.#wait(name, client, signal);
    const held: Promise<unknown>[] = [];
    let ended = false;
    return {
      hold: (work) => held.push(work),
      end: () => {
        if (ended) return;
        ended = true;
        void Promise.allSettled(held).then(() => this.#end(name, client));
      },
    };
  }

  #hasPlaceFor({ running }: Client): boolean {
    return this.#running < this.limits.maxConcurrent && running < this.limits.maxConcurrentPerClient;
  }

  #start(name: string, client: Client): void {
    this.#running++;
    client.running++;
    this.#clients.delete(name);
    this.#clients.set(name, client);
  }

  #end(name: string, client: Client): void {
    this.#running--;
    client.running--;
    this.#forgetIfGone(name, client);
    let next: readonly [name: string, client: Client] | undefined;
    for (const one of this.#clients) {
      const mayGo = one[1].waiting.size > 0 && this.#hasPlaceFor(one[1]);
      if (mayGo && (next === undefined || one[1].running < next[1].running)) next = one;
    }
    if (next === undefined) return;
    const [go] = next[1].waiting;
    this.#start(...next);
    go?.();
  }

  #wait(name: string, client: Client, signal: AbortSignal): Promise<void> {
    const { maxConcurrent, maxWaiting, maxWaitingPerClient } = this.limits;
    if (client.waiting.size >= maxWaitingPerClient)
      throw new SqlError(
        'TOO_MANY_SIMULTANEOUS_QUERIES',
        `${client.running} of your queries run and ${client.waiting.size} wait. Ask again when some have ended.`,
      );
    if (this.#waiting >= maxWaiting)
      throw new SqlError(
        'TOO_MANY_SIMULTANEOUS_QUERIES',
        `${maxConcurrent} queries run and ${maxWaiting} wait. Ask again in a moment.`,
      );
    this.#clients.set(name, client);
    this.#waiting++;
    return new Promise((resolve, reject) => {
      const stopWaiting = () => {
        client.waiting.delete(go);
        this.#waiting--;
        signal.removeEventListener('abort', leave);
      };
      const go = () => {
        stopWaiting();
        resolve();
      };
      const leave = () => {
        stopWaiting();
        this.#forgetIfGone(name, client);
        reject(signal.reason);
      };
      signal.addEventListener('abort', leave, { once: true });
      client.waiting.add(go);
    });
  }

  #forgetIfGone(name: string, client: Client): void {
    if (client.running === 0 && client.waiting.size === 0) this.#clients.delete(name);
  }
}
