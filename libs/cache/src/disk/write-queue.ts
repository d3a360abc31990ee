import type { Clock } from '#libs/time';
import type { CacheEnvironment } from './environment.js';
import type { Work } from './work.js';

/** Answer of a step that is to be called again in the next transaction, before all that came after it. */
export const AGAIN = Symbol('again');

/** A turn of writing ends after so long, ms, or so many bytes, and the next one goes on: the event loop waits no longer. */
const LONGEST_MS = 5;
/** Turns that may be written to disk at once, and how many steps are worth one. */
const MOST_TURNS = 16;
const STEPS_A_TURN = 64;
const LARGEST_BYTES = 8 * 2 ** 20;
/** Pages that a step changes beside its own bytes, about: LMDB writes each of them anew. */
const PAGES_A_STEP = 2;

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
  /** Bytes that may still go into what is written to disk at once: below 0 it has all that it takes. */
  #room = 0;

  constructor(
    private readonly environment: CacheEnvironment,
    private readonly clock: Clock,
    private readonly begin: () => Work,
    /** Told of each transaction that is on disk, before its steps settle. */
    private readonly committed: (work: Work) => void,
    /** What a failure means. */
    private readonly failure: (error: unknown) => Promise<Error>,
    /**
     * What is written to disk at once takes so many bytes, or is one step. Pages that it frees serve later ones alone, so
     * that the file is larger than what it holds by some of these.
     */
    private readonly bytesAtOnce: () => number,
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
    while (this.#steps.length > 0) {
      this.#room = Math.max(1, this.bytesAtOnce());
      // Called together, they are written together, and other work comes in between.
      const turns = Math.min(MOST_TURNS, Math.ceil(this.#steps.length / STEPS_A_TURN));
      await Promise.all(Array.from({ length: turns }, () => this.#turn()));
    }
    this.#running = undefined;
  }

  async #turn(): Promise<void> {
    const taken: Step[] = [];
    const settle: (() => void)[] = [];
    try {
      // A child transaction, since only that is undone when the callback throws.
      const work = await this.environment.root.childTransaction(() => {
        const work = this.begin();
        const until = this.clock.monotonic() + LONGEST_MS;
        for (let bytes = 0; this.#steps.length > 0 && bytes < LARGEST_BYTES && this.#room > 0;) {
          const step = this.#steps.shift()!;
          this.#room -= step.bytes + PAGES_A_STEP * this.environment.pageSize;
          taken.push(step);
          const done = step.run(work);
          if (done === AGAIN) {
            this.#steps.unshift(taken.pop()!);
            // What made room for it is to be on disk first.
            this.#room = 0;
            break;
          }
          settle.push(done);
          bytes += step.bytes;
          if (this.clock.monotonic() >= until) break;
        }
        work.finish();
        return work;
      });
      this.committed(work);
      this.#forget(taken);
      for (const done of settle) done();
    } catch (error) {
      const failure = await this.failure(error);
      // When nothing was begun, no transaction can be had.
      if (taken.length === 0) taken.push(...this.#steps.splice(0));
      this.#forget(taken);
      for (const step of taken) step.reject(failure);
    }
  }

  #forget(steps: readonly Step[]): void {
    for (const { bytes } of steps) this.#bytes -= bytes;
  }
}
