// A process of its own for tests: appends and commits until it is killed, and says what was acknowledged.
import { writeSync } from 'node:fs';
import { SystemClock } from '#libs/time';
import { EmbeddedEventLog } from '../embedded/index.js';

/** One line on stdout, written before anything else happens: what this process knows to be on disk. */
export type Acknowledged =
  | { readonly appended: readonly { writer: number; number: number; partition: number; offset: string }[] }
  | { readonly committed: { partition: number; offset: string } };

const WRITERS = 4;
const VALUE_BYTES = 5_000;

const [path = '', firstNumber = '0', maxBytes = '0'] = process.argv.slice(2);
const say = (line: Acknowledged) => writeSync(1, `${JSON.stringify(line)}\n`);
const log = await EmbeddedEventLog.open({
  path,
  clock: new SystemClock(),
  random: Math.random,
  retention: { maxBytes: Number(maxBytes) },
});
await log.ensureTopic('topic', { partitions: 3 });
await log.consume({
  topic: 'topic',
  group: 'group',
  async onBatch(batch) {
    const offset = batch.records.at(-1)!.offset + 1n;
    await batch.commit(offset, 'x'.repeat(100));
    say({ committed: { partition: batch.partition, offset: offset.toString() } });
  },
});
await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));

async function write(writer: number): Promise<never> {
  for (let number = Number(firstNumber); ;) {
    const count = 1 + (number % 7);
    const numbers = Array.from({ length: count }, (_, i) => number + i);
    const positions = await log.append(
      'topic',
      numbers.map((one) => {
        const value = Buffer.alloc(VALUE_BYTES, one & 0xff);
        return { key: `writer-${writer}`, value, headers: { number: String(one) } };
      }),
    );
    number += count;
    say({
      appended: positions.map(({ partition, offset }, i) => ({
        writer,
        number: numbers[i]!,
        partition,
        offset: offset.toString(),
      })),
    });
  }
}
