import type { Batch, Event, HistogramData } from '#libs/contracts';
import { HISTOGRAM_SCALE } from '#libs/contracts';

/** Numbers in [0, 1) from a seed (mulberry32): every run sends the same events. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A mix of kinds as services send it: some 250 bytes an event, values that do not repeat. */
export function mixedBatch(random: () => number, sequence: number, size: number, nowMs: number): Batch {
  const emitter = { service: `service-${sequence % 8}`, instance: uuid(random), version: '1.4.0', platform: 'linux' };
  const events = Array.from({ length: size }, (_, i) => KINDS[i % KINDS.length]!(random, nowMs - (i % 60) * 1_000));
  return { schema: 1, emitter, sequence, sentAt: nowMs, events };
}

const upTo = (random: () => number, n: number) => Math.floor(random() * n);
const hex = (random: () => number) => Array.from({ length: 16 }, () => upTo(random, 16).toString(16)).join('');

function uuid(random: () => number): string {
  const digits = hex(random) + hex(random);
  return [0, 8, 12, 16, 20].map((from, i, all) => digits.slice(from, all[i + 1])).join('-');
}

function histogram(random: () => number): HistogramData {
  const bins: number[] = [];
  let count = 0;
  for (let bin = 300 + upTo(random, 50), i = 0; i < 4; i++, bin += 1 + upTo(random, 9)) {
    const n = 1 + upTo(random, 900);
    bins.push(bin, n);
    count += n;
  }
  return { scale: HISTOGRAM_SCALE, count, sum: upTo(random, 1e9), bins };
}

const KINDS: readonly ((random: () => number, time: number) => Event)[] = [
  (random, time) => ({
    kind: 'cache.window',
    end: Math.floor(time / 1_000) * 1_000,
    windowMs: 1_000,
    cache: `cache-${upTo(random, 20)}`,
    tier: 'memory',
    requests: { hit: upTo(random, 90_000), miss: upTo(random, 9_000) },
    loads: upTo(random, 9_000),
    writes: upTo(random, 9_000),
    removals: { evicted: upTo(random, 9_000), expired: upTo(random, 900) },
    entries: upTo(random, 100_000),
    bytes: upTo(random, 1e9),
    getDuration: histogram(random),
  }),
  (random, time) => ({
    kind: 'cache.access',
    time,
    cache: `cache-${upTo(random, 20)}`,
    tier: 'memory',
    keyHash: hex(random),
    operation: 'get',
    result: random() < 0.9 ? 'hit' : 'miss',
    bytes: upTo(random, 100_000),
    ageMs: upTo(random, 1e6),
    rate: 0.01,
  }),
  (random, time) => ({
    kind: 'load.finished',
    time,
    resource: random() < 0.5 ? 'document' : 'page',
    resourceHash: hex(random),
    source: 'peer',
    priority: 'visible',
    trigger: 'direct',
    outcome: random() < 0.97 ? 'ok' : 'failed',
    queuedNs: upTo(random, 1e8),
    firstByteNs: upTo(random, 1e9),
    totalNs: upTo(random, 1e10),
    bytes: upTo(random, 1e7),
    attempts: 1,
  }),
  (random, time) => ({
    kind: 'metric',
    time,
    windowMs: 1_000,
    name: 'http_requests_total',
    type: 'counter',
    labels: { method: 'GET', route: `/v1/things/${upTo(random, 40)}`, code: '200', region: 'eu-west-1' },
    value: upTo(random, 10_000),
  }),
];
