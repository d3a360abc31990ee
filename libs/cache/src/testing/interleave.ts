import { randomFrom } from '#libs/cache-policies/testing';
import { FailedAssertion } from './failed-assertion.js';

export interface InterleaveOptions {
  /** How many orders are tried. Default 100. */
  readonly runs?: number;
  /** That of the first run; each later one has the next. Default 1, so that every run of a test tries the same orders. */
  readonly seed?: number;
}

/** After so many turns of the event loop in which nobody asked for a turn, a test waits for something that never comes. */
const IDLE_TURNS = 50;

/**
 * Runs a test many times, each in another order of its asynchronous steps, which the seed decides. What fails is thrown
 * with the seed and the order; the seed repeats it. With fast-check use its own `scheduler`, which also shrinks.
 *
 *     await interleave(async (turns) => {
 *       const origin = createOrigin({ values: String, turn: turns.take });
 *       const cache = createCache<string, string>({ name: 'covers', tiers: [memory({ maxEntries: 10 })] });
 *       await Promise.all([cache.getOrLoad('a', origin.load), turns.take('set').then(() => cache.set('a', 'newer'))]);
 *       expectFresh(cache, 'a', 'newer');
 *     });
 *
 * @throws AssertionError with the seed; its cause is what the test threw
 */
export async function interleave(
  test: (turns: Turns) => Promise<void>,
  { runs = 100, seed = 1 }: InterleaveOptions = {},
): Promise<void> {
  for (let run = 0; run < runs; run++) {
    const turns = new Turns(randomFrom(seed + run));
    try {
      await turns.drive(test(turns));
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      const failed = new FailedAssertion(
        `Failed in order ${run + 1} of ${runs}, of seed ${seed + run}: ${turns.taken.join(', ') || 'nobody took a turn'}.\n` +
          `Repeat it with interleave(test, { seed: ${seed + run}, runs: 1 }).\n${said}`,
        error,
        undefined,
      );
      failed.cause = error;
      throw failed;
    }
  }
}

/** Who waits for a turn; one at a time gets it, by chance. */
export class Turns {
  /** Labels of the turns, in the order they were given. */
  readonly taken: string[] = [];
  readonly #waiting: { readonly label: string; readonly go: () => void }[] = [];

  constructor(private readonly random: () => number) {}

  /** Resolves when it is this step's turn. */
  readonly take = (label = 'step'): Promise<void> =>
    new Promise((resolve) => {
      this.#waiting.push({ label, go: resolve });
    });

  /** Gives turns until what is awaited has settled. */
  async drive<Value>(awaited: Promise<Value>): Promise<Value> {
    let settled = false;
    const mark = () => void (settled = true);
    awaited.then(mark, mark);
    for (let idle = 0; ;) {
      await promisesSettled();
      if (settled) return awaited;
      if (this.#waiting.length > 0) {
        idle = 0;
        const [next] = this.#waiting.splice(Math.floor(this.random() * this.#waiting.length), 1);
        this.taken.push(next!.label);
        next!.go();
      } else if (++idle > IDLE_TURNS) {
        awaited.catch(() => undefined);
        throw new Error(
          'It waits, and nobody asks for a turn. Does it wait for a clock that nobody moves, or for real input?',
        );
      }
    }
  }
}

/** A turn of the event loop: all promises that can settle have. */
function promisesSettled(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    const turn = () => {
      port1.close();
      resolve();
    };
    port1.addEventListener('message', turn, { once: true });
    port1.start();
    port2.postMessage(undefined);
  });
}
