import { parseArgs } from 'node:util';
import { LRUCache } from 'lru-cache';
import { createCache, memory } from '#libs/cache';
import { AWAITED_PEERS } from './cache/peers.js';
import { cpuMsOf, median, round2 } from './cache/rounds.js';
import { telemetryToNowhere } from './cache/telemetry.js';

const ROUNDS = 7;
const LOAD_MS = 20;

/** Asks for one key; `load` is what the cache is given to load it with. */
type Ask = (key: string, load: () => Promise<object>) => Promise<unknown>;

/**
 * So many callers miss one key at once: how often its loader runs, and what a caller costs, CPU µs, beside caches that
 * have something of the kind, in turn. The loader takes 20 ms, which is part of the time on the clock.
 */
export async function run({ args }: { args: readonly string[] }): Promise<object> {
  const { values } = parseArgs({
    args: [...args],
    options: { callers: { type: 'string', default: '1000,10000' } },
  });
  const stampedes = [];
  for (const callers of values.callers.split(',').map(Number)) {
    if (!Number.isInteger(callers) || callers < 1)
      throw new Error(`--callers is a list of numbers, not "${values.callers}".`);
    stampedes.push(await measure(callers));
  }
  return { stampedes, aimLoads: 1, loadMs: LOAD_MS, rounds: ROUNDS };
}

async function measure(callers: number): Promise<object> {
  const telemetry = telemetryToNowhere();
  const cache = createCache<string, object>({
    name: `stampede-${callers}`,
    tiers: [memory({ maxEntries: 100 })],
    telemetry,
  });
  const lru = new LRUCache<string, object, () => Promise<object>>({
    max: 100,
    fetchMethod: (_key, _stale, { context }) => context(),
  });
  const peers = Object.entries(AWAITED_PEERS).map(([name, make]) => ({ name, peer: make(100) }));
  const asks: Record<string, Ask> = {
    ours: (key, load) => cache.getOrLoad(key, load),
    lruCacheFetch: (key, load) => lru.fetch(key, { context: load }),
    ...Object.fromEntries(peers.map(({ name, peer }) => [name, (key: string, load) => peer.getOrLoad(key, load)])),
  };
  const names = Object.keys(asks);
  const loads: Record<string, number> = {};
  const tookMs: Record<string, number[]> = {};
  const cpuUs: Record<string, number[]> = {};
  for (let round = -1; round < ROUNDS; round++)
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + round + 1) % names.length]!;
      let loaded = 0;
      const load = async () => {
        loaded++;
        await new Promise((resolve) => setTimeout(resolve, LOAD_MS));
        return { round };
      };
      const started = performance.now();
      const cpuMs = await cpuMsOf(async () => {
        const answers = await Promise.all(Array.from({ length: callers }, () => asks[name]!(`round ${round}`, load)));
        if (answers.some((answer) => answer === undefined)) throw new Error(`${name} answered nothing to somebody.`);
      });
      loads[name] = Math.max(loads[name] ?? 0, loaded);
      if (round < 0) continue;
      (tookMs[name] ??= []).push(performance.now() - started);
      (cpuUs[name] ??= []).push((cpuMs * 1_000) / callers);
    }
  if (loads['ours'] !== 1) throw new Error(`The loader ran ${loads['ours']} times.`);
  for (const { peer } of peers) await peer.close();
  await cache.close();
  await telemetry.shutdown();
  const medians = (of: Record<string, number[]>) =>
    Object.fromEntries(names.map((name) => [name, round2(median(of[name]!))]));
  return { callers, mostLoads: loads, tookMs: medians(tookMs), cpuUsPerCaller: medians(cpuUs) };
}
