import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomFrom, zipf } from '#libs/cache-policies/testing';
import { SystemClock } from '#libs/time';
import { Progress } from '../command/progress.js';
import type { TraceAccess } from '../trace/trace-parser.js';
import { overall } from './counters.js';
import { Pace } from './pace.js';
import { ReplayedCache } from './replayed-cache.js';
import { runTrace } from './run-trace.js';
import type { AskedTiers } from './tiers.js';

const REQUESTS = 5_000;
const MAX_BYTES = 1_000_000;
/** About 3,000 bytes each, and several times as many as the tiers hold. */
const TRACE: readonly TraceAccess[] = zipf(REQUESTS, 1_500, 0.7, randomFrom(1)).map((key) => ({
  key: `k${key}`,
  size: 1_000 + ((key * 7_919) % 4_000),
  timeMs: undefined,
}));

describe('A replay at full pace', () => {
  const clock = new SystemClock();
  const { signal } = new AbortController();
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'alperf-full-pace-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  async function hitRatioOf(
    name: string,
    asked: Partial<AskedTiers>,
    run: (cache: ReplayedCache) => Promise<void>,
    maxBytes = MAX_BYTES,
  ): Promise<number> {
    const cache = new ReplayedCache({
      name,
      limits: { maxEntries: undefined, maxBytes },
      tiers: { nearest: 'disk', policy: undefined, disk: undefined, redis: undefined, ...asked },
      recorders: undefined,
      clock,
      random: () => 0.5,
      onProblem: (problem) => {
        throw problem;
      },
    });
    await cache.ready();
    try {
      await run(cache);
      const { requests, hits } = overall(cache.counts());
      expect(requests).toBe(REQUESTS);
      return hits / requests;
    } finally {
      await cache.close();
    }
  }

  /** With every write awaited, nothing is answered that the tiers do not hold. */
  async function awaiting(cache: ReplayedCache): Promise<void> {
    for (const access of TRACE) {
      await cache.access(access);
      await cache.keepStep({ all: true, signal });
    }
  }

  async function atFullPace(cache: ReplayedCache): Promise<void> {
    async function* trace() {
      yield TRACE;
    }
    const delivery = { batches: 0, accepted: 0, rejected: 0, dropped: 0, waiting: 0, fullness: 0 };
    await runTrace({
      trace: trace(),
      share: () => 1,
      cache,
      telemetry: { delivery: () => ({ ...delivery, trouble: undefined, refused: undefined }), hurry: () => undefined },
      isUp: async () => true,
      pace: new Pace({}, clock),
      progress: new Progress({ interactive: false, columns: 80, rows: 24, write: () => undefined }, clock),
      clock,
      signal,
    });
  }

  async function differenceOf(asked: Partial<AskedTiers>, maxBytes?: number): Promise<number> {
    const slow = await hitRatioOf('awaited', asked, awaiting, maxBytes);
    // It evicts: what is compared is not that all fits.
    expect(slow).toBeLessThan(0.7);
    return Math.abs((await hitRatioOf('at-pace', asked, atFullPace, maxBytes)) - slow);
  }

  it('through a disk tier has the hit ratio that it has with every write awaited', async () => {
    const disk = { path: join(folder, 'cache'), maxBytes: MAX_BYTES };
    expect(await differenceOf({ disk })).toBeLessThan(0.02);
  }, 120_000);

  it('through disk behind memory has it, too', async () => {
    const disk = { path: join(folder, 'cache'), maxBytes: MAX_BYTES };
    expect(await differenceOf({ nearest: 'memory', policy: 'lru', disk }, 100_000)).toBeLessThan(0.02);
  }, 120_000);
});
