import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { SieveCache } from '@neophi/sieve-cache';
import { LRUCache } from 'lru-cache';
import { newCache } from 'transitory';
import { POLICY_NAMES, type EvictionSetting } from '#libs/cache-policies';
import { aCache } from '#libs/cache-policies/testing';
import { KeyHasher } from '#libs/sampling';
import { optimalHits } from './cache/optimum.js';
import { folderBeside, syntheticTraces, tracesIn, type Trace } from './cache/traces.js';

/** Sizes of the caches, as shares of the unique keys. */
const SHARES = [0.001, 0.01, 0.1];
const OUR_DEFAULT: EvictionSetting = 'adaptive';

/** Says whether a key is held, and takes it in when it is not. */
type Access = (key: number) => boolean;

/** transitory lets go of entries only when it holds five more than its size: that shows in caches of fewer than so many. */
const TRANSITORY_MORE = 5;
const SHOWS_BELOW = 64;

/**
 * Published caches, as they come: in caches of a few entries, what transitory shows is for the most part that it holds five
 * more. `worstPointsBelowBestPeerOfThatSize` has one in its place that was told five fewer.
 */
const PEERS: Readonly<Record<string, (size: number) => Access>> = {
  'lru-cache': (max) => {
    const cache = new LRUCache<number, number>({ max });
    return (key) => cache.get(key) !== undefined || (cache.set(key, 1), false);
  },
  '@neophi/sieve-cache': (size) => {
    const cache = new SieveCache<number, number>(size);
    return (key) => cache.get(key) !== undefined || (cache.set(key, 1), false);
  },
  transitory: (size) => {
    const cache = newCache<number, number>().maxSize(size).build();
    return (key) => cache.getIfPresent(key) !== null || (cache.set(key, 1), false);
  },
};

/**
 * The hit ratio of our default, of each policy, of published caches and of the offline optimum, on each trace of a folder
 * (`--traces DIR`; else those beside the checkout, else or with `--synthetic` made ones) at 0.1 %, 1 % and 10 % of its unique keys, all of
 * one size, filled on a miss. `--seeds N` tries the default under N salts of the keys' hashes, and counts each.
 */
export async function run({ args }: { args: readonly string[] }): Promise<object> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      traces: { type: 'string' },
      synthetic: { type: 'boolean', default: false },
      seeds: { type: 'string', default: '1' },
    },
  });
  const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
  const folder = values.synthetic ? undefined : (values.traces ?? folderBeside(root));
  const seeds = Number(values.seeds);
  if (!Number.isInteger(seeds) || seeds < 1) throw new Error(`--seeds is a number from 1 on, not "${values.seeds}".`);
  const results: Result[] = [];
  for await (const trace of folder === undefined ? syntheticTraces() : tracesIn(folder))
    for (const share of SHARES) {
      const result = measure(trace, Math.max(1, Math.round(trace.keys.length * share)), seeds);
      console.error(
        `${trace.name} at ${result.size}: ${OUR_DEFAULT} ${result.ours.join(' ')}, ${JSON.stringify(result.policies)}, ` +
          `${JSON.stringify(result.peers)}, optimum ${result.optimum}`,
      );
      results.push(result);
    }
  if (results.length === 0) throw new Error(`There is no trace (*.txt, *.csv, *.tsv, plain or .gz) in ${folder}.`);
  const below = results.flatMap((result) =>
    result.ours.map((ratio) => points(ratio - Math.max(...Object.values(result.peers)))),
  );
  const belowOfThatSize = results.flatMap(({ ours, peers, transitoryOfThatSize }) =>
    ours.map((ratio) =>
      points(
        ratio -
          Math.max(
            ...Object.values({
              ...peers,
              ...(transitoryOfThatSize !== undefined && { transitory: transitoryOfThatSize }),
            }),
          ),
      ),
    ),
  );
  const above = results.flatMap((result) => result.ours.map((ratio) => points(ratio - result.peers['lru-cache']!)));
  return {
    traces: folder === undefined ? 'synthetic' : 'real',
    default: OUR_DEFAULT,
    worstPointsBelowBestPeer: round2(Math.max(0, -Math.min(...below))),
    aimPointsBelowBestPeer: 1,
    worstPointsBelowBestPeerOfThatSize: round2(Math.max(0, -Math.min(...belowOfThatSize))),
    meanPointsAboveLru: round2(above.reduce((sum, one) => sum + one, 0) / above.length),
    aimPointsAboveLru: 3,
    meanPointsBelowOptimum: round2(
      results.reduce((sum, { ours, optimum }) => sum + points(optimum - mean(ours)), 0) / results.length,
    ),
    seeds,
    results,
  };
}

interface Result {
  readonly trace: string;
  readonly requests: number;
  readonly unique: number;
  readonly size: number;
  /** Hit ratio of the default, by seed. */
  readonly ours: readonly number[];
  readonly policies: Readonly<Record<string, number>>;
  readonly peers: Readonly<Record<string, number>>;
  readonly transitoryOfThatSize?: number;
  readonly optimum: number;
}

function measure({ name, accesses, keys }: Trace, size: number, seeds: number): Result {
  const hashes = Array.from({ length: seeds }, (_, seed) => {
    const hasher = new KeyHasher(`seed ${seed}`);
    return Uint32Array.from(keys, (key) => hasher.hash(key).lo);
  });
  const ratio = (access: Access) => {
    let hits = 0;
    for (const key of accesses) if (access(key)) hits++;
    return round4(hits / accesses.length);
  };
  const ratioOf = (setting: EvictionSetting, hash = hashes[0]!) =>
    ratio(aCache(size, setting, (key) => hash[key]!).access);
  return {
    trace: name,
    requests: accesses.length,
    unique: keys.length,
    size,
    ours: hashes.map((hash) => ratioOf(OUR_DEFAULT, hash)),
    policies: Object.fromEntries(POLICY_NAMES.map((policy) => [policy, ratioOf(policy)])),
    peers: Object.fromEntries(Object.entries(PEERS).map(([peer, make]) => [peer, ratio(make(size))])),
    ...(size < SHOWS_BELOW && {
      transitoryOfThatSize: size > TRANSITORY_MORE ? ratio(PEERS['transitory']!(size - TRANSITORY_MORE)) : 0,
    }),
    optimum: round4(optimalHits(accesses, size) / accesses.length),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

const points = (ratio: number): number => ratio * 100;
const round2 = (value: number): number => Math.round(value * 100) / 100;
const round4 = (value: number): number => Math.round(value * 10_000) / 10_000;
