// A process of its own for tests, since what it looks for would stop the one that looks: opens the same state again and
// again while a writer in this process never rests, and says how much it wrote.
import { writeSync } from 'node:fs';
import { EmbeddedStateStore } from '../embedded/index.js';

const [path = '', times = '0'] = process.argv.slice(2);
const first = await EmbeddedStateStore.open({ path });
const writer = await first.open('scope');
let written = 0;
const over = new AbortController();
const writing = (async () => {
  while (!over.signal.aborted) await writer.put('n', Buffer.from(String(++written)));
})();
for (let i = 0; i < Number(times); i++) {
  const another = await EmbeddedStateStore.open({ path });
  const before = written;
  // At different moments of the writer's transaction.
  for (let turn = 0; turn < i % 7; turn++) await new Promise(setImmediate);
  const found = await another.get('scope', 'n');
  if (before > 1 && Number(Buffer.from(found?.value ?? []).toString()) < before - 1)
    throw new Error(`Write ${before - 1} was acknowledged and is not seen.`);
  await another.close();
}
over.abort();
await writing;
await first.close();
writeSync(1, JSON.stringify({ written }));
