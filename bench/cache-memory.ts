import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { POLICY_NAMES } from '#libs/cache-policies';
import { round2 } from './cache/rounds.js';

const child = join(dirname(fileURLToPath(import.meta.url)), 'cache/memory-child.js');

/** What a child process says: of the heap and of buffers, bytes an entry. */
interface Held {
  readonly bytesPerEntry: number;
  readonly ofItBuffers: number;
  /** What the cache itself counts of an entry, when it has a budget of bytes. */
  readonly countedBytesPerEntry?: number;
}

/**
 * What a cache of a million small entries takes, bytes an entry: its keys (texts of some 14 characters), its values
 * (numbers, or texts of some 10 characters) and all it needs for itself, each cache in a process of its own, after
 * garbage is collected. Full caches are given as many keys more, so that what left is remembered as far as it ever is.
 * `keysAndValuesAlone` is an array of the same keys and values: what is beyond it is the cache's.
 */
export async function run({ args }: { args: readonly string[] }): Promise<object> {
  const { values } = parseArgs({ args: [...args], options: { entries: { type: 'string', default: '1000000' } } });
  const few = ['keysAndValuesAlone', 'lruCache', 'adaptive'];
  const all = [...few, 'adaptiveInBytes', ...POLICY_NAMES];
  const bytesPerEntry: Record<string, Record<string, Held>> = {};
  for (const [valuesAre, caches] of [
    ['texts', all],
    ['numbers', few],
  ] as const)
    for (const cache of caches) (bytesPerEntry[valuesAre] ??= {})[cache] = await held(cache, values.entries, valuesAre);
  const toLruCache = (valuesAre: string) => {
    const { adaptive, lruCache } = bytesPerEntry[valuesAre]!;
    return round2(adaptive!.bytesPerEntry / lruCache!.bytesPerEntry);
  };
  return {
    entries: Number(values.entries),
    ...bytesPerEntry,
    adaptiveToLruCache: { numbers: toLruCache('numbers'), texts: toLruCache('texts') },
  };
}

async function held(cache: string, entries: string, valuesAre: string): Promise<Held> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--expose-gc',
    '--max-old-space-size=4096',
    child,
    cache,
    entries,
    valuesAre,
  ]);
  return JSON.parse(stdout) as Held;
}
