// A process of its own for tests: opens a scope and counts up in it until it is fenced or killed.
import { writeSync } from 'node:fs';
import { EmbeddedStateStore } from '../embedded/index.js';
import { FencedError } from '../errors.js';

/** One line on stdout: what this process knows to be on disk, or that it was fenced. */
export type Told = { readonly written: number } | { readonly fenced: true };

const [path = '', scope = ''] = process.argv.slice(2);
const say = (line: Told) => writeSync(1, `${JSON.stringify(line)}\n`);
const store = await EmbeddedStateStore.open({ path });
const writer = await store.open(scope);
const found = await store.get(scope, 'a');
let number = found === undefined ? 0 : Number(Buffer.from(found.value).toString());
try {
  for (;;) {
    number += 1;
    const value = Buffer.from(String(number));
    // Two keys: a reader that sees them differ saw half a write.
    await writer.putAll([
      { key: 'a', value },
      { key: 'b', value },
    ]);
    say({ written: number });
  }
} catch (error) {
  if (!(error instanceof FencedError)) throw error;
  say({ fenced: true });
  await store.close();
}
