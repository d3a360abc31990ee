// `npm run --silent bench -- NAME [options]`: runs bench/NAME.ts and prints its result as one JSON line, last.
import { readdirSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Bench {
  run(options: { args: readonly string[] }): Promise<object>;
}

const here = dirname(fileURLToPath(import.meta.url));
const names = readdirSync(here)
  .filter((file) => file.endsWith('.js') && file !== 'main.js' && !file.includes('.spec.'))
  .map((file) => basename(file, '.js'));
const [name, ...args] = process.argv.slice(2);

if (name === undefined || !names.includes(name)) {
  console.error(
    `${name === undefined ? 'Which bench?' : `There is no bench "${name}".`} There are: ${names.join(', ')}.`,
  );
  process.exit(2);
}

const { run } = (await import(join(here, `${name}.js`))) as Bench;
const started = performance.now();
const result = await run({ args });
const machine = {
  cores: cpus().length,
  cpu: cpus()[0]?.model ?? 'unknown',
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  node: process.version,
};
console.log(
  JSON.stringify({ bench: name, ...result, machine, tookSeconds: Math.round((performance.now() - started) / 1_000) }),
);
process.exit(0);
