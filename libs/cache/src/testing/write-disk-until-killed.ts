// A process of its own for tests: writes to a disk tier until it is killed, and says what was acknowledged.
import { writeSync } from 'node:fs';
import { NO_RECORDER } from '#libs/contracts';
import { SystemClock } from '#libs/time';
import { disk } from '../disk/index.js';

/** One line on stdout, written before anything else happens: what this process knows to be on disk. */
export interface Acknowledged {
  readonly key: string;
  /** Number of the value that was written; undefined for a removal. */
  readonly number?: number;
}

/** The value with a number: whoever reads another one than was written sees it. */
export function numberedValue(key: string, number: number): unknown {
  // Small ones stand in the index, and larger ones apart.
  return { key, number, filling: `${number},`.repeat(number % 3 === 0 ? 400 : 5) };
}

const WRITERS = 8;
const KEYS = 300;

const [path, firstNumber = '0', maxBytes = '0'] = process.argv.slice(2);
if (path !== undefined && import.meta.filename === process.argv[1]) {
  const clock = new SystemClock();
  const tier = disk({ path, maxBytes: Number(maxBytes) });
  const onProblem = (problem: Error) => {
    throw problem;
  };
  await tier.open({ cache: 'killed', clock, random: Math.random, recorder: NO_RECORDER, onProblem });
  let number = Number(firstNumber);
  const say = (line: Acknowledged) => writeSync(1, `${JSON.stringify(line)}\n`);
  const write = async (writer: number): Promise<never> => {
    for (;;) {
      // Each writer has keys of its own, so that the last it was told of one is the last that was done.
      const key = `key:${writer}:${number % KEYS}`;
      const mine = number++;
      if (mine % 11 === 0) {
        await tier.remove({ key }, { cause: 'invalidated' });
        say({ key });
      } else {
        const value = numberedValue(key, mine);
        const entry = {
          value,
          negative: false,
          storedAt: clock.now(),
          freshMs: 60_000,
          staleMs: 0,
          tags: [`w${writer}`],
        };
        if (!(await tier.set(key, entry))) throw new Error('The entry was not kept.');
        say({ key, number: mine });
      }
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
}
