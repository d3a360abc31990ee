// A process of its own for tests: loads a key of a cache on disk, with its lock, until it is killed.
import { writeSync } from 'node:fs';
import { createCache, memory } from '../index.js';
import { disk } from '../disk/index.js';

/** The cache of a directory, whose processes load one key at a time. */
export function lockingCache(path: string) {
  return createCache<string, string>({
    name: 'locking',
    tiers: [memory({ maxEntries: 10 }), disk({ path, maxBytes: 2 ** 24 })],
    lockAcrossProcesses: true,
    hardTimeout: '20s',
  });
}

const [path] = process.argv.slice(2);
if (path !== undefined && import.meta.filename === process.argv[1])
  await lockingCache(path).getOrLoad('key', () => {
    writeSync(1, 'loading\n');
    return new Promise<string>(() => undefined);
  });
