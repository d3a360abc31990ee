import { FencedError, type StateStore, type StateWriter } from '#libs/state-store';
import { fullJitter, type Clock } from '#libs/time';

const BACKOFF = { baseMs: 10, capMs: 500 };
const MOST_TRIES = 12;

/**
 * The right to write a scope, which several processes pass between them. A scope has one writer: whoever wants to write
 * opens it when another one has it, and so takes it away. What is read while the scope is open and written before it is
 * taken away is one step, as nobody can have written in between: so `work` may read, decide and write all at once, and is
 * done again from its beginning when the pen was taken meanwhile.
 */
export class Pen {
  #writer: StateWriter | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly store: StateStore,
    readonly scope: string,
    private readonly clock: Clock,
    private readonly random: () => number,
  ) {}

  /** One at a time within the process. @throws StateStoreError when it cannot be written now. */
  write<Answer>(work: (writer: StateWriter) => Promise<Answer>): Promise<Answer> {
    const done = this.#turn.then(() => this.#write(work));
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async close(): Promise<void> {
    await this.#turn;
    await this.#writer?.close();
    this.#writer = undefined;
  }

  async #write<Answer>(work: (writer: StateWriter) => Promise<Answer>): Promise<Answer> {
    for (let attempt = 0; ; attempt++) {
      try {
        this.#writer ??= await this.store.open(this.scope);
        return await work(this.#writer);
      } catch (error) {
        if (!(error instanceof FencedError)) throw error;
        await this.#drop();
        if (attempt >= MOST_TRIES) throw error;
        await this.clock.sleep(fullJitter(attempt, BACKOFF, this.random));
      }
    }
  }

  async #drop(): Promise<void> {
    const writer = this.#writer;
    this.#writer = undefined;
    await writer?.close().catch(() => undefined);
  }
}
