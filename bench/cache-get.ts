import { LRUCache } from 'lru-cache';
import { createCache, memory } from '#libs/cache';
import { randomFrom, zipf } from '#libs/cache-policies/testing';
import { AWAITED_PEERS, type AwaitedCache } from './cache/peers.js';
import { inTurn, type Way } from './cache/rounds.js';
import { telemetryToNowhere } from './cache/telemetry.js';

const SIZES = [1_000, 100_000];
/** Accesses that are made again and again: a power of 2. */
const ORDER = 2 ** 17;
const TTL = '1h';
/** Until telemetry's sample has found its rate: at most 5,000 accesses a window, which at this pace is few of the keys. */
const WARM_UP = 20_000_000;
/** Windows close by timers, which get their turn after so many. */
const GETS_A_TURN = 200_000;
const TTL_MS = 3_600_000;

/**
 * What a hit, a miss and a set cost, ns, with telemetry as a service has it by default, beside bare `lru-cache`, and
 * beside caches with loaders and counts of their own. All answer the same keys in the same order, by zipf, in turn, in one
 * process; a hit is of a cache that holds all keys, a set of a new key makes another one leave.
 */
export async function run(_options: { args: readonly string[] }): Promise<object> {
  const sizes = [];
  for (const entries of SIZES) sizes.push(await measure(entries));
  return {
    sizes,
    aimHitToLruCache: 1,
    aimBestPeerToAwaitedHit: 5,
  };
}

async function measure(entries: number): Promise<object> {
  const telemetry = telemetryToNowhere();
  const lru = new LRUCache<string, object>({ max: entries });
  const lruTtl = new LRUCache<string, object>({ max: entries, ttl: TTL_MS });
  const cache = createCache<string, object>({
    name: `get-${entries}`,
    tiers: [memory({ maxEntries: entries })],
    telemetry,
  });
  const cacheTtl = createCache<string, object>({
    name: `get-ttl-${entries}`,
    tiers: [memory({ maxEntries: entries })],
    ttl: TTL,
    telemetry,
  });
  const peers = Object.entries(AWAITED_PEERS).map(([name, make]) => ({ name, peer: make(entries) }));

  const keys = Array.from({ length: entries }, (_, i) => `document:${i * 7_919}:page`);
  const absent = Array.from({ length: entries }, (_, i) => `absent:${i * 7_919}:page`);
  const order = Uint32Array.from(zipf(ORDER, entries, 0.9, randomFrom(11)));
  for (const [i, key] of keys.entries()) {
    const value = { title: i };
    lru.set(key, value);
    lruTtl.set(key, value);
    await cache.set(key, value);
    await cacheTtl.set(key, value);
    for (const { peer } of peers) await peer.set(key, value);
  }
  const at = (i: number): string => keys[order[i & (ORDER - 1)]!]!;
  const missing = (i: number): string => absent[order[i & (ORDER - 1)]!]!;
  const load = (): Promise<object> => Promise.reject(new Error('A key that all caches hold was loaded.'));
  const value = { title: -1 };

  for (let i = 0; i < WARM_UP; i++) {
    cache.getNow(at(i));
    cacheTtl.getNow(at(i));
    if (i % 40 === 0) await cacheTtl.get(missing(i));
    if (i % GETS_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
  }

  // Ways without a promise have a loop of their own each, so that none is compiled for another's types.
  const hits: Record<string, Way> = {
    lruCache: (times) => {
      let found = 0;
      for (let i = 0; i < times; i++) if (lru.get(at(i)) !== undefined) found++;
      return all(found, times);
    },
    lruCacheTtl: (times) => {
      let found = 0;
      for (let i = 0; i < times; i++) if (lruTtl.get(at(i)) !== undefined) found++;
      return all(found, times);
    },
    getNow: (times) => {
      let found = 0;
      for (let i = 0; i < times; i++) if (cache.getNow(at(i)) !== undefined) found++;
      return all(found, times);
    },
    getNowTtl: (times) => {
      let found = 0;
      for (let i = 0; i < times; i++) if (cacheTtl.getNow(at(i)) !== undefined) found++;
      return all(found, times);
    },
  };
  const awaited: Record<string, (i: number) => Promise<unknown>> = {
    lruCache: async (i) => lru.get(at(i)),
    get: (i) => cacheTtl.get(at(i)),
    getOrLoad: (i) => cacheTtl.getOrLoad(at(i), load),
  };
  const misses: Record<string, (i: number) => Promise<unknown>> = {
    lruCache: async (i) => lru.get(missing(i)),
    get: (i) => cacheTtl.get(missing(i)),
  };
  const sets: Record<string, (i: number) => Promise<unknown>> = {
    lruCache: async (i) => lru.set(at(i), value),
    set: (i) => cacheTtl.set(at(i), value),
  };
  for (const { name, peer } of peers) {
    awaited[name] = (i) => peer.get(at(i));
    awaited[`${name}OrLoad`] = (i) => peer.getOrLoad(at(i), load);
    misses[name] = (i) => peer.get(missing(i));
    sets[name] = (i) => peer.set(at(i), value);
  }
  const hit = await inTurn(hits);
  const awaitedHit = await inTurn(mapped(awaited, (call) => awaitedAll(call, true)));
  const awaitedMiss = await inTurn(mapped(misses, (call) => awaitedAll(call, false)));
  const awaitedSet = await inTurn(mapped(sets, (call) => awaitedAll(call)));
  const awaitedSetOfNewKey = await inTurn(mapped(newKeys(lru, cacheTtl, peers), (call) => awaitedAll(call)));

  const { requests } = cacheTtl.stats().tiers[0]!;
  if (!(requests.hit > 0 && requests.miss > 0)) throw new Error('The cache has not counted its gets.');
  for (const { peer } of peers) await peer.close();
  await cache.close();
  await cacheTtl.close();
  await telemetry.shutdown();
  const best = (ours: string, suffix = '') =>
    Math.min(...peers.map(({ name }) => awaitedHit.ratio(`${name}${suffix}`, ours)));
  return {
    entries,
    nsPerHit: hit.nsPerTime,
    nsPerAwaitedHit: awaitedHit.nsPerTime,
    nsPerAwaitedMiss: awaitedMiss.nsPerTime,
    nsPerAwaitedSet: awaitedSet.nsPerTime,
    nsPerAwaitedSetOfNewKey: awaitedSetOfNewKey.nsPerTime,
    hitToLruCache: hit.ratio('getNow', 'lruCache'),
    hitWithTtlToLruCacheWithTtl: hit.ratio('getNowTtl', 'lruCacheTtl'),
    bestPeerToAwaitedHit: best('get'),
    bestPeerToGetOrLoad: best('getOrLoad', 'OrLoad'),
  };
}

function newKeys(
  lru: LRUCache<string, object>,
  cache: Pick<AwaitedCache, 'set'>,
  peers: readonly { readonly name: string; readonly peer: AwaitedCache }[],
): Record<string, (i: number) => Promise<unknown>> {
  const value = { title: -2 };
  let next = 0;
  return {
    lruCache: async () => lru.set(`new:${next++}`, value),
    set: () => cache.set(`new:${next++}`, value),
    ...Object.fromEntries(peers.map(({ name, peer }) => [name, () => peer.set(`new:${next++}`, value)])),
  };
}

/** One after another; `held` says whether each of them must answer a value. */
function awaitedAll(call: (i: number) => Promise<unknown>, held?: boolean): Way {
  return async (times) => {
    let found = 0;
    for (let i = 0; i < times; i++) if ((await call(i)) !== undefined) found++;
    return held === undefined ? found : all(found, held ? times : 0);
  };
}

function all(found: number, wanted: number): number {
  if (found !== wanted) throw new Error(`${found} gets found a value, and ${wanted} should have.`);
  return found;
}

function mapped<From, To>(from: Readonly<Record<string, From>>, change: (one: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(from).map(([name, one]) => [name, change(one)]));
}
