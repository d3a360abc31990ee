import { LRUCache } from 'lru-cache';
import { Counter, Registry } from 'prom-client';
import { createTelemetry } from '#libs/telemetry';
import { MemoryTransport } from '#libs/telemetry/testing';
import { SystemClock } from '#libs/time';
import type { KeyHash } from '#libs/sampling';

const ENTRIES = 1_000;
const GETS_PER_ROUND = 2_000_000;
const ROUNDS = 11;
const WARM_UP_ROUNDS = 2;

interface Entry {
  readonly value: number;
  /** Made once, when the entry was: `CacheRecorder.hashKey`. */
  readonly hash: KeyHash | undefined;
}

/** One way to get all keys round and round; returns something, so that nothing is optimised away. */
type Loop = (gets: number) => number;

/**
 * What a recorder adds to one get of lru-cache, in nanoseconds, beside the bare get and beside one prom-client counter
 * with two labels. The ways alternate in one process; each figure is the median over the rounds.
 */
export async function run(_options: { args: readonly string[] }): Promise<object> {
  const transport = new MemoryTransport();
  const telemetry = createTelemetry({
    service: 'bench',
    version: '1',
    transport,
    clock: new SystemClock(),
    random: Math.random,
    salt: 'the salt of the bench',
  });
  // The get of a sampled key costs an event, any other one comparison: this measures the comparison.
  const counted = telemetry.cache('counted', { sampling: false });
  const sampled = telemetry.cache('sampled', { sampling: { rate: 1e-6 } });
  const counter = new Counter({
    name: 'cache_requests_total',
    help: 'Requests by result.',
    labelNames: ['cache', 'result'],
    registers: [new Registry()],
  });

  const cache = new LRUCache<string, Entry>({ max: ENTRIES });
  const keys = Array.from({ length: ENTRIES }, (_, i) => `document:${i * 7_919}`);
  keys.forEach((key, value) => cache.set(key, { value, hash: sampled.hashKey(key) }));

  // Each way has a loop of its own, so that none is compiled for another's types.
  const ways: Record<string, Loop> = {
    bare: (gets) => {
      let sum = 0;
      for (let i = 0; i < gets; i++) {
        const entry = cache.get(keys[i % ENTRIES]!);
        if (entry !== undefined) sum += entry.value;
      }
      return sum;
    },
    recorder: (gets) => {
      let sum = 0;
      for (let i = 0; i < gets; i++) {
        const entry = cache.get(keys[i % ENTRIES]!);
        if (entry === undefined) counted.miss();
        else {
          counted.hit();
          sum += entry.value;
        }
      }
      return sum;
    },
    sampledRecorder: (gets) => {
      let sum = 0;
      for (let i = 0; i < gets; i++) {
        const entry = cache.get(keys[i % ENTRIES]!);
        if (entry === undefined) sampled.miss();
        else {
          sampled.hit(entry.hash);
          sum += entry.value;
        }
      }
      return sum;
    },
    promClient: (gets) => {
      let sum = 0;
      for (let i = 0; i < gets; i++) {
        const entry = cache.get(keys[i % ENTRIES]!);
        counter.inc({ cache: 'pages', result: entry === undefined ? 'miss' : 'hit' });
        if (entry !== undefined) sum += entry.value;
      }
      return sum;
    },
  };

  const figures = new Map(Object.keys(ways).map((name) => [name, [] as number[]]));
  let kept = 0;
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
    const names = Object.keys(ways);
    // Another order every round: whoever comes after a collection of garbage should not always be the same.
    for (let i = 0; i < names.length; i++) {
      const name = names[(i + round + WARM_UP_ROUNDS) % names.length]!;
      const gets = name === 'promClient' ? GETS_PER_ROUND / 10 : GETS_PER_ROUND;
      const started = performance.now();
      kept += ways[name]!(gets);
      if (round >= 0) figures.get(name)!.push(((performance.now() - started) * 1e6) / gets);
      // Windows close by timers: they get their turn, outside the measure.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  await telemetry.shutdown();
  const counts = transport.sent.flatMap(({ events }) =>
    events.map((event) => (event.kind === 'cache.window' ? (event.requests.hit ?? 0) : 0)),
  );
  const hits = counts.reduce((sum, count) => sum + count, 0);
  if (hits !== 2 * (ROUNDS + WARM_UP_ROUNDS) * GETS_PER_ROUND) throw new Error(`the recorders counted ${hits} hits`);

  const nsPerGet = Object.fromEntries([...figures].map(([name, values]) => [name, round1(median(values))]));
  const added = (name: string) =>
    round1(median(figures.get(name)!.map((value, i) => value - figures.get('bare')![i]!)));
  return {
    nsPerGet,
    nsPerGetAdded: {
      recorder: added('recorder'),
      sampledRecorder: added('sampledRecorder'),
      promClient: added('promClient'),
    },
    aimNsPerGetAdded: 15,
    countedHits: hits,
    rounds: ROUNDS,
    getsPerRound: GETS_PER_ROUND,
    entries: ENTRIES,
    checksum: kept % 1_000,
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}

function round1(value: number): number {
  return Math.round(value * 10) / 10;
}
