import { createCache, memory, type Cache } from '#libs/cache';
import { randomFrom, zipf } from '#libs/cache-policies/testing';
import { createTelemetry, type Telemetry } from '#libs/telemetry';
import { FakeClock } from '#libs/time/testing';
import { cpuMsOf, inTurn, median, round1, round2, type Way } from './cache/rounds.js';
import { Nowhere, telemetryToNowhere } from './cache/telemetry.js';

const ENTRIES = 10_000;
const ORDER = 2 ** 17;
/** Until telemetry's sample has found its rate: see cache-get. */
const WARM_UP = 2_000_000;
const CACHES = 10;
const WINDOWS = 400;

/**
 * What telemetry adds to a get that hits and to a set, ns, beside the same cache without a recorder, in turn; and what
 * closing a window costs the process, CPU µs per cache, from the counts to the bytes that are handed to the transport.
 */
export async function run(_options: { args: readonly string[] }): Promise<object> {
  const telemetry = telemetryToNowhere();
  const keys = Array.from({ length: ENTRIES }, (_, i) => `document:${i * 7_919}:page`);
  const order = Uint32Array.from(zipf(ORDER, ENTRIES, 0.9, randomFrom(11)));
  const at = (i: number): string => keys[order[i & (ORDER - 1)]!]!;
  const bare = await filled('bare', keys);
  const told = await filled('told', keys, telemetry);
  for (let i = 0; i < WARM_UP; i++) {
    bare.getNow(at(i));
    told.getNow(at(i));
    if (i % 8 === 0) await Promise.all([bare.set(at(i), keys), told.set(at(i), keys)]);
  }

  // A loop each, so that none is compiled for another's types.
  const gets: Record<'bare' | 'telemetry', Way> = {
    bare: (times) => {
      let found = 0;
      for (let i = 0; i < times; i++) if (bare.getNow(at(i)) !== undefined) found++;
      return found;
    },
    telemetry: (times) => {
      let found = 0;
      for (let i = 0; i < times; i++) if (told.getNow(at(i)) !== undefined) found++;
      return found;
    },
  };
  const sets: Record<'bare' | 'telemetry', Way> = {
    bare: async (times) => {
      for (let i = 0; i < times; i++) await bare.set(at(i), keys);
    },
    telemetry: async (times) => {
      for (let i = 0; i < times; i++) await told.set(at(i), keys);
    },
  };
  const get = await inTurn(gets, 15);
  const set = await inTurn(sets, 15);
  await telemetry.shutdown();
  return {
    entries: ENTRIES,
    nsPerGet: get.nsPerTime,
    nsPerSet: set.nsPerTime,
    nsPerGetAdded: round1(get.nsPerTime.telemetry - get.nsPerTime.bare),
    nsPerSetAdded: round1(set.nsPerTime.telemetry - set.nsPerTime.bare),
    getWithToWithout: get.ratio('telemetry', 'bare'),
    setWithToWithout: set.ratio('telemetry', 'bare'),
    window: await windows(),
  };
}

async function filled(name: string, keys: readonly string[], telemetry?: Telemetry): Promise<Cache<string, object>> {
  const cache = createCache<string, object>({
    name,
    tiers: [memory({ maxEntries: keys.length })],
    ttl: '1h',
    ...(telemetry !== undefined && { telemetry }),
  });
  for (const key of keys) await cache.set(key, { key });
  return cache;
}

/** Windows of some caches with all kinds of counts in them, closed one after another. */
async function windows(): Promise<{ cpuUsPerCacheAndWindow: number; caches: number }> {
  const clock = new FakeClock();
  const telemetry = createTelemetry({
    service: 'bench',
    version: '1',
    transport: new Nowhere(),
    clock,
    random: Math.random,
    salt: 'the salt of the bench',
  });
  const recorders = Array.from({ length: CACHES }, (_, i) => telemetry.cache(`cache-${i}`, { sampling: false }));
  const tookUs: number[] = [];
  for (let window = 0; window < WINDOWS; window++) {
    for (const recorder of recorders) {
      recorder.hit();
      recorder.miss();
      recorder.written();
      recorder.removed('evicted');
      for (let i = 1; i <= 50; i++) {
        recorder.loaded(i * 37_000 * (1 + (window % 7)));
        recorder.getTook(i * 90);
      }
    }
    const ms = await cpuMsOf(() => clock.advance(1_000));
    if (window >= WINDOWS / 4) tookUs.push((ms * 1_000) / CACHES);
  }
  if (telemetry.stats().sentBatches < WINDOWS / 20) throw new Error('Hardly any window was sent.');
  const ending = telemetry.shutdown();
  await clock.advance(10_000);
  await ending;
  return { cpuUsPerCacheAndWindow: round2(median(tookUs)), caches: CACHES };
}
