import type { Clock } from '#libs/time';
import type { CacheEnvironment } from './environment.js';
import type { Work } from './work.js';

/** Answer of a step that is to be called again in the next transaction, before all that came after it. */
export const AGAIN = Symbol('again');

/** A write transaction ends after so long, ms, or so many bytes, and the next one goes on: the event loop waits no longer. */
const LONGEST_MS = 5;
const LARGEST_BYTES = 8 * 2 ** 20;

interface Step {
  readonly bytes: number;
  /** Does its part; AGAIN, or what settles with it. */
  run(work: Work): typeof AGAIN | (() => void);
  reject(error: unknown): void;
}

/** Steps of writing, done in the order they came, as many in one transaction as came while the last one was written. */
export class WriteQueue {
  #steps: Step[] = [];
  #running: Promise<void> | undefined;
  #bytes = 0;

  constructor(
    private readonly environment: CacheEnvironment,
    private readonly clock: Clock,
    private readonly begin: () => Work,
    /** Told of each transaction that is on disk, before its steps settle. */
    private readonly committed: (work: Work) => void,
    /** What a failure means. */
    private readonly failure: (error: unknown) => Promise<Error>,
  ) {}

  /** Bytes of the steps that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Resolves with what the step answers, when that is on disk. */
  do<Answer>(run: (work: Work) => Answer | typeof AGAIN, bytes = 0): Promise<Answer> {
    return new Promise<Answer>((resolve, reject) => {
      this.#bytes += bytes;
      this.#steps.push({
        bytes,
        run(work) {
          const answer = run(work);
          return answer === AGAIN ? AGAIN : () => resolve(answer);
        },
        reject,
      });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when all that came before is done, well or not. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#steps.length > 0) await this.#transaction();
    this.#running = undefined;
  }

  async #transaction(): Promise<void> {
    let taken = 0;
    let settle: (() => void)[] = [];
    try {
      // A child transaction, since only that is undone when the callback throws.
      const work = await this.environment.root.childTransaction(() => {
        const work = this.begin();
        const until = this.clock.monotonic() + LONGEST_MS;
        for (let bytes = 0; taken < this.#steps.length && bytes < LARGEST_BYTES;) {
          const step = this.#steps[taken]!;
          taken++;
          const done = step.run(work);
          if (done === AGAIN) {
            taken--;
            break;
          }
          settle.push(done);
          bytes += step.bytes;
          if (this.clock.monotonic() >= until) break;
        }
        work.finish();
        return work;
      });
      this.#take(taken);
      this.committed(work);
      for (const done of settle) done();
    } catch (error) {
      settle = [];
      const failure = await this.failure(error);
      // Nothing was begun: no transaction can be had.
      for (const step of this.#take(taken === 0 ? this.#steps.length : taken)) step.reject(failure);
    }
  }

  #take(count: number): Step[] {
    const taken = this.#steps.splice(0, count);
    for (const { bytes } of taken) this.#bytes -= bytes;
    return taken;
  }
}
