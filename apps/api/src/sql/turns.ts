import { SqlError } from './sql-error.js';

/** A place among the queries that run at once. */
export interface Turn {
  /** Keeps the place until the engine is through with `work` as well, also when nobody waits for that any more. */
  hold(work: Promise<unknown>): void;
  /** The asker needs it no more. Idempotent. */
  end(): void;
}

/** A bound on how many queries run at once; some more may wait, the rest are refused. */
export class Turns {
  #running = 0;
  readonly #waiting = new Set<() => void>();

  constructor(
    private readonly places: number,
    private readonly waiting: number,
  ) {}

  /** Resolves when it is the caller's turn. @throws SqlError, or the signal's reason */
  async take(signal: AbortSignal): Promise<Turn> {
    signal.throwIfAborted();
    if (this.#running >= this.places) {
      if (this.#waiting.size >= this.waiting)
        throw new SqlError(
          'TOO_MANY_SIMULTANEOUS_QUERIES',
          `${this.places} queries run and ${this.waiting} wait. Ask again in a moment.`,
        );
      await this.#wait(signal);
    } else this.#running++;
    const held: Promise<unknown>[] = [];
    let ended = false;
    return {
      hold: (work) => held.push(work),
      end: () => {
        if (ended) return;
        ended = true;
        void Promise.allSettled(held).then(() => this.#next());
      },
    };
  }

  #next(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#running--;
    else next();
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const go = () => {
        this.#waiting.delete(go);
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        this.#waiting.delete(go);
        reject(signal.reason);
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.add(go);
    });
  }
}
