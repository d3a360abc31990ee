// Started by cache-memory with --expose-gc: fills one cache, and prints what an entry takes.
import { LRUCache } from 'lru-cache';
import { createCache, memory } from '#libs/cache';
import type { EvictionSetting } from '#libs/cache-policies';

const [name = '', entriesText = '', valuesAre] = process.argv.slice(2);
const entries = Number(entriesText);
/** Keys of caches that evict: as many again leave. */
const keys = entries * 2;

// Made anew for each entry, as keys and values that came over a network are.
const keyOf = (i: number): string => Buffer.from(`document:${i}`).toString('latin1');
const valueOf = (i: number): string | number =>
  valuesAre === 'texts' ? Buffer.from(`title ${i % 10_000}`).toString('latin1') : i + 0.5;

const before = used();
const { kept, counted } = await filled();
const after = used();
process.stdout.write(
  JSON.stringify({
    bytesPerEntry: perEntry(after.all - before.all),
    ofItBuffers: perEntry(after.buffers - before.buffers),
    ...(counted !== undefined && { countedBytesPerEntry: perEntry(counted) }),
  }),
);
if (kept === undefined) throw new Error('The cache is gone.');

async function filled(): Promise<{ kept: unknown; counted?: number }> {
  if (name === 'keysAndValuesAlone') {
    const kept: (string | number)[] = [];
    for (let i = 0; i < entries; i++) kept.push(keyOf(i), valueOf(i));
    return { kept };
  }
  if (name === 'map') {
    const kept = new Map<string, string | number>();
    for (let i = 0; i < entries; i++) kept.set(keyOf(i), valueOf(i));
    return { kept };
  }
  if (name === 'lruCache') {
    const kept = new LRUCache<string, string | number>({ max: entries });
    for (let i = 0; i < keys; i++) kept.set(keyOf(i), valueOf(i));
    return { kept };
  }
  const inBytes = name === 'adaptiveInBytes';
  const tier = memory(inBytes ? { maxBytes: 2 ** 40 } : { maxEntries: entries, policy: name as EvictionSetting });
  const kept = createCache<string, string | number>({ name: 'bench', tiers: [tier] });
  for (let i = 0; i < (inBytes ? entries : keys); i++) {
    // In memory it is at once; the event loop gets its turn now and then.
    const setting = kept.set(keyOf(i), valueOf(i));
    if (i % 1_000 === 0) await setting;
  }
  const { entries: held, bytes } = tier.usage();
  if (held !== entries) throw new Error(`${held} entries are held, and ${entries} should be.`);
  return { kept, ...(bytes !== undefined && { counted: bytes }) };
}

function used(): { all: number; buffers: number } {
  if (globalThis.gc === undefined) throw new Error('Start it with --expose-gc.');
  for (let i = 0; i < 4; i++) globalThis.gc();
  // `external` has the buffers in it.
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return { all: heapUsed + external, buffers: arrayBuffers };
}

function perEntry(bytes: number): number {
  return Math.round((bytes / entries) * 10) / 10;
}
