import type { Clock } from './clock.js';
import { within } from './within.js';

/** Asks again only when the last question was answered, so that questions to one that hangs do not pile up. */
export class OneAtATime<Value> {
  #asked: Promise<Value> | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly limitMs: number,
    private readonly ask: () => Promise<Value>,
  ) {}

  /** The answer to a question that is open already, or to another one; a rejection when it takes longer than the limit. */
  answer(): Promise<Value> {
    this.#asked ??= this.ask().finally(() => (this.#asked = undefined));
    return within(this.clock, this.limitMs, this.#asked);
  }
}
