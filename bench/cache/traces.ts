import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { TraceFile } from '#apps/cli';
import { loop, randomFrom, recent, zipf } from '#libs/cache-policies/testing';

/** Accesses to keys, which are numbered from 0 on in the order of their first access. */
export interface Trace {
  readonly name: string;
  readonly accesses: Uint32Array;
  /** The key of each number. */
  readonly keys: readonly string[];
}

const TRACE_NAME = /^(.*?)(\.full)?\.(txt|csv|tsv)(\.gz)?$/;

/** The traces of a folder, smallest names first; of a trace that is there twice, the one with nothing but keys. */
export async function* tracesIn(folder: string): AsyncIterable<Trace> {
  if (!existsSync(folder)) throw new Error(`There is no folder ${folder}; --traces takes one with traces in it.`);
  const files = new Map<string, string>();
  for (const file of readdirSync(folder).sort()) {
    const [, name, full] = TRACE_NAME.exec(file) ?? [];
    if (name !== undefined && (full === undefined || !files.has(name))) files.set(name, file);
  }
  for (const [name, file] of files) {
    const opened = await TraceFile.open(join(folder, file), { format: 'auto' });
    const keys: string[] = [];
    for await (const some of opened.read()) for (const { key } of some) keys.push(key);
    yield numbered(name, keys);
  }
}

/** Where the traces lie that are kept beside a checkout; undefined when there are none. */
export function folderBeside(root: string): string | undefined {
  const folder = join(root, '../shared/traces');
  return existsSync(folder) ? folder : undefined;
}

/** Accesses of the kinds that tell policies apart, the same in every run. */
export function* syntheticTraces(): Iterable<Trace> {
  const accesses = 200_000;
  const random = randomFrom(7);
  const popular = () => zipf(accesses, 30_000, 0.9, randomFrom(3));
  let scanned = 0;
  const kinds: Readonly<Record<string, () => number[]>> = {
    'synthetic-zipf': popular,
    'synthetic-zipf-shifting': () =>
      popular().map((key, at) => (key * 7_919 + Math.floor(at / 20_000) * 13_007) % 30_000),
    'synthetic-zipf-and-scan': () => popular().map((key) => (random() < 0.3 ? 100_000 + scanned++ : key)),
    'synthetic-zipf-and-loop': () => popular().map((key) => (random() < 0.4 ? 100_000 + (scanned++ % 6_000) : key)),
    'synthetic-recent': () => recent(accesses, 20_000),
    'synthetic-phases': () => {
      const phases = [popular(), loop(accesses, 5_000), recent(accesses, 3_000)];
      return popular().map((_, at) => {
        const phase = Math.floor(at / 40_000) % 3;
        return phases[phase]![at]! + phase * 1_000_000;
      });
    },
    // Nothing was chosen by the following: they say whether what was chosen by others holds.
    'synthetic-loops': () =>
      Array.from({ length: accesses }, (_, at) => {
        const keys = [300, 2_500, 9_000][at % 3]!;
        return keys * 1_000 + (Math.floor(at / 3) % keys);
      }),
    'synthetic-zipf-and-long-scans': () =>
      popular().map((key, at) =>
        at % 25_000 < 8_000 ? 200_000 + (at % 25_000) + Math.floor(at / 75_000) * 8_000 : key,
      ),
    'synthetic-zipf-steep': () => zipf(accesses, 30_000, 1.2, randomFrom(13)),
    'synthetic-zipf-turned-over': () => popular().map((key, at) => (at < accesses / 2 ? key : 30_000 - key)),
    'synthetic-recent-then-popular': () => {
      const lately = recent(accesses, 5_000, randomFrom(17));
      return popular().map((key, at) => (at < accesses / 2 ? 1_000_000 + lately[at]! : key));
    },
  };
  for (const [name, make] of Object.entries(kinds)) yield numbered(name, make().map(String));
}

function numbered(name: string, accessed: readonly string[]): Trace {
  const numbers = new Map<string, number>();
  const accesses = Uint32Array.from(accessed, (key) => {
    let number = numbers.get(key);
    if (number === undefined) numbers.set(key, (number = numbers.size));
    return number;
  });
  return { name, accesses, keys: [...numbers.keys()] };
}
