import { describe, expect, it } from '@jest/globals';
import { randomFrom, zipf } from '#libs/cache-policies/testing';
import { FakeClock } from '#libs/time/testing';
import { UnreachableError } from '../command/errors.js';
import { awaitStored } from './await-stored.js';
import { differences, isAhead, noCounts, overall, type Counts } from './counters.js';
import { ReplayedCache } from './replayed-cache.js';
import { Pace } from './pace.js';
import { Progress, progressLine } from '../command/progress.js';
import type { Delivery } from './replay-telemetry.js';
import { cacheNameOf, renderReport, reportOf, type ReplayFacts } from './report.js';
import { runTrace } from './run-trace.js';
import type { Stored } from './stored.js';

const counts = (some: Partial<Counts> = {}): Counts => ({ ...noCounts(), ...some });

function aCache(limits: { readonly maxEntries?: number; readonly maxBytes?: number }, policy: 'lru' | 'sieve' = 'lru') {
  return new ReplayedCache({
    name: 'trace',
    limits: { maxEntries: undefined, maxBytes: undefined, ...limits },
    tiers: { nearest: 'memory', policy, disk: undefined, redis: undefined },
    recorders: undefined,
    clock: new FakeClock(),
    random: () => 0.5,
    onProblem: (problem) => {
      throw problem;
    },
  });
}

describe('A replayed cache', () => {
  it('counts hits, misses and evictions as an LRU cache of that size has them', async () => {
    const cache = aCache({ maxEntries: 2 });
    for (const key of ['a', 'b', 'a', 'c', 'b', 'a']) await cache.access({ key, size: undefined, timeMs: undefined });
    const expected = counts({ requests: 6, hits: 1, misses: 5, loads: 5, writes: 5, evicted: 3 });
    expect(cache.counts()).toEqual([{ tier: 'memory', counts: expected }]);
  });

  it('holds bytes to their limit by the sizes of the trace, and rejects what is larger than all of it', async () => {
    const cache = aCache({ maxBytes: 10 });
    for (const [key, size] of [
      ['a', 6],
      ['a key that is longer than the cache', 4],
      ['b', 6],
      ['c', 11],
      ['d', 0],
    ] as const)
      await cache.access({ key, size, timeMs: undefined });
    expect(overall(cache.counts())).toEqual(
      counts({ requests: 5, misses: 5, loads: 5, writes: 4, evicted: 2, rejected: 1 }),
    );
  });

  it('goes by the policy that was asked for', async () => {
    const hits = async (policy: 'lru' | 'sieve') => {
      const cache = aCache({ maxEntries: 20 }, policy);
      for (const key of zipf(2_000, 100, 0.9, randomFrom(1)))
        await cache.access({ key: String(key), size: undefined, timeMs: undefined });
      expect(cache.policy).toBe(policy);
      return overall(cache.counts()).hits;
    };
    expect(await hits('sieve')).toBeGreaterThan(await hits('lru'));
  });
});

describe('The pace', () => {
  it('follows the trace at a multiple of its speed', () => {
    const pace = new Pace({ speed: 10 }, new FakeClock());
    expect(pace.delayMs(5_000)).toBe(0);
    expect(pace.delayMs(6_000)).toBe(100);
    expect(pace.delayMs(undefined)).toBe(0);
  });

  it('holds a rate, and does not sleep for less than a timer can', () => {
    const pace = new Pace({ rate: 1_000 }, new FakeClock());
    expect(Array.from({ length: 7 }, () => pace.delayMs(undefined))).toEqual([0, 0, 0, 0, 0, 5, 6]);
  });
});

describe('A replay that is refused', () => {
  it('stops in the middle of the trace', async () => {
    const clock = new FakeClock();
    const cache = aCache({ maxEntries: 2 });
    async function* trace() {
      yield Array.from({ length: 2_000 }, () => ({ key: 'k', size: undefined, timeMs: undefined }));
    }
    const delivery: Delivery = {
      batches: 0,
      accepted: 0,
      rejected: 0,
      dropped: 0,
      waiting: 1,
      fullness: 0,
      trouble: undefined,
      refused: 'HTTP 403',
    };
    const run = runTrace({
      trace: trace(),
      cache,
      clock,
      share: () => 0,
      isUp: async () => true,
      telemetry: { delivery: () => delivery, hurry: () => undefined },
      pace: new Pace({}, clock),
      progress: new Progress({ interactive: false, columns: 80, rows: 24, write: () => undefined }, clock),
      signal: new AbortController().signal,
    });
    await expect(run).rejects.toThrow('The server refuses the events: HTTP 403');
    expect(cache.requests).toBeLessThan(2_000);
  });
});

describe('Waiting for the database', () => {
  const options = (clock: FakeClock) => ({
    clock,
    signal: new AbortController().signal,
    stuckAfterMs: 1_000,
    unreachableAfterMs: 10_000,
    onLook: () => undefined,
  });
  const stored = (requests: number, events = 0, batches = 0): Stored => ({
    tiers: [{ tier: 'memory', counts: counts({ requests }) }],
    events,
    batches,
  });

  /** Runs it while time passes in small steps. */
  async function outcome(looks: () => Stored, emitted = stored(5)): Promise<Stored> {
    const clock = new FakeClock();
    const state = { done: false };
    const waiting = awaitStored(emitted, async () => looks(), options(clock)).finally(() => {
      state.done = true;
    });
    waiting.catch(() => undefined);
    for (let i = 0; i < 1_000 && !state.done; i++) await clock.advance(100);
    return waiting;
  }

  it('ends when every counter, every event and every batch is there', async () => {
    const answers = [stored(0), stored(3, 1), stored(5, 1), stored(5, 2), stored(5, 2, 1), stored(5, 2, 7)];
    expect(await outcome(() => answers.shift()!, stored(5, 2, 7))).toEqual(stored(5, 2, 7));
    expect(answers).toEqual([]);
  });

  it('ends at once when there is more than was emitted', async () => {
    let looks = 0;
    expect(await outcome(() => (looks++, stored(6)))).toEqual(stored(6));
    expect(looks).toBe(1);
  });

  it('ends with what there is when nothing changes any more', async () => {
    expect(await outcome(() => stored(4))).toEqual(stored(4));
  });

  it('outlasts a server that is away, and does not hold that against the database', async () => {
    let looks = 0;
    const answer = await outcome(() => {
      looks += 1;
      if (looks > 1 && looks < 8) throw new UnreachableError('away', 'wait');
      return looks < 9 ? stored(4) : stored(5);
    });
    expect(answer).toEqual(stored(5));
  });

  it('gives up when nobody has answered for too long', async () => {
    const away = () => {
      throw new UnreachableError('away', 'wait');
    };
    await expect(outcome(away)).rejects.toThrow('away');
  });
});

describe('The report', () => {
  const facts: ReplayFacts = {
    trace: 't.txt.gz',
    cache: {
      policy: 'adaptive',
      policyAtEnd: 's3-fifo',
      name: 't',
      maxEntries: 10,
      maxBytes: null,
      disk: null,
      redis: null,
    },
    service: 's',
    instance: 'i',
    emitted: [{ tier: 'memory', counts: counts({ requests: 4, hits: 1, misses: 3 }) }],
    delivery: {
      accepted: 7,
      rejected: 0,
      dropped: 0,
      batches: 2,
      waiting: 0,
      fullness: 0,
      trouble: undefined,
      refused: undefined,
    },
    stored: {
      tiers: [{ tier: 'memory', counts: counts({ requests: 4, hits: 1, misses: 3 }) }],
      events: 7,
      batches: 2,
    },
    replayMs: 2_000,
    totalMs: 3_456,
  };

  it('has the same counters on both sides, and says that they are equal', () => {
    const report = reportOf(facts);
    expect(report).toMatchObject({
      equal: true,
      differs: [],
      hitRatio: 0.25,
      durationSeconds: 3.456,
      requestsPerSecond: 2,
    });
    for (const name of Object.keys(report.stored)) expect(report.emitted).toHaveProperty(name);
    expect(renderReport(report)).toContain('are equal');
  });

  it('names what differs, also an event that was dropped', () => {
    const stored = [{ tier: 'memory', counts: counts({ requests: 3, hits: 1, misses: 2 }) }];
    const lost = { ...facts, stored: { ...facts.stored, tiers: stored } };
    expect(reportOf(lost)).toMatchObject({ equal: false, differs: ['requests', 'misses'] });
    expect(renderReport(reportOf(lost))).toMatch(/requests +4 +3 +differs/);
    expect(reportOf({ ...facts, delivery: { ...facts.delivery, dropped: 1 } }).differs).toEqual(['events']);
    const behind = reportOf({ ...facts, stored: { ...facts.stored, batches: 1 } });
    expect(behind).toMatchObject({ equal: false, differs: ['batches'] });
    expect(renderReport(behind)).toMatch(/batches +2 +1 +differs/);
  });

  it('tells tiers apart: the nearest is asked first, the farthest misses last', () => {
    const tiers = (diskHits: number) => [
      { tier: 'memory', counts: counts({ requests: 10, hits: 4, misses: 6, loads: 3, writes: 6 }) },
      { tier: 'disk', counts: counts({ requests: 6, hits: diskHits, misses: 6 - diskHits, writes: 3 }) },
    ];
    expect(overall(tiers(3))).toEqual(counts({ requests: 10, hits: 7, misses: 3, loads: 3, writes: 9 }));
    // What one tier has too little and the other too much would be equal in sum.
    expect(differences(tiers(3), tiers(2))).toEqual(['hits', 'misses']);
    expect(differences(tiers(3), tiers(3).slice(0, 1))).toContain('requests');
    expect([isAhead(tiers(2), tiers(3)), isAhead(tiers(3), tiers(3))]).toEqual([true, false]);
    const report = reportOf({ ...facts, emitted: tiers(3), stored: { ...facts.stored, tiers: tiers(2) } });
    expect(report).toMatchObject({
      equal: false,
      hitRatio: 0.7,
      tiers: [
        { tier: 'memory', hitRatio: 0.4 },
        { tier: 'disk', hitRatio: 0.5, emitted: { hits: 3 }, stored: { hits: 2 } },
      ],
    });
    expect(renderReport(report)).toMatch(/disk, hit ratio 0.5000[\s\S]*hits +3 +2 +differs/);
  });

  it('names the cache by the file, as caches may be named', () => {
    expect(cacheNameOf('/x/arc-oltp.txt.gz')).toBe('arc-oltp');
    expect(cacheNameOf('mooncake.full.tsv.gz')).toBe('mooncake.full');
    expect(cacheNameOf('-ä b.csv')).toBe('trace_-__b');
  });

  it('says once that the server is away, for how long, and that it is back', async () => {
    const clock = new FakeClock();
    const shown = (interactive: boolean) => {
      const written: string[] = [];
      const progress = new Progress(
        { interactive, columns: 80, rows: 24, write: (text) => void written.push(text) },
        clock,
      );
      return { written, progress };
    };
    const watched = shown(true);
    const logged = shown(false);
    for (const { progress } of [watched, logged]) progress.back();
    for (let i = 0; i < 3; i++) {
      for (const { progress } of [watched, logged]) progress.away(0.5, 'Nothing answers.');
      await clock.advance(2_000);
    }
    for (const { progress } of [watched, logged]) progress.back();
    const said = ['Nothing answers. Nothing is lost; the replay waits …\n', 'The server is back.\n'];
    expect(logged.written).toEqual(said);
    expect(watched.written.filter((text) => text.endsWith('\n'))).toEqual(said);
    expect(watched.written.join('')).toContain('waiting for the server, 4 s');
    await clock.advance(1_000);
    watched.progress.update(0.5, 'half');
    watched.progress.close();
    watched.progress.close();
    expect(watched.written.slice(-2)).toEqual([expect.stringContaining('half'), '\n']);
  });

  it('draws a bar that never leaves its bounds', () => {
    expect(progressLine(0.5, 'x')).toBe(`[${'#'.repeat(12)}${' '.repeat(12)}]  50 %  x`);
    expect(progressLine(7, 'x')).toContain('] 100 %');
    expect(progressLine(-1, 'x')).toContain(']   0 %');
  });
});
