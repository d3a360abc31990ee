import { expect, it } from '@jest/globals';
import { REMOVAL_CAUSES, REQUEST_RESULTS, WINDOW_HISTOGRAMS, type Event, noTotals, type Totals } from '#libs/contracts';
import { createTelemetry } from '#libs/telemetry';
import { MemoryTransport } from '#libs/telemetry/testing';
import { FakeClock } from '#libs/time/testing';
import fc from 'fast-check';
import { createCache, memory, type LoaderAnswer } from './index.js';
import { FakeFarTier } from './testing/index.js';

const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');

type OfKey = 'get' | 'getNow' | 'load' | 'fail' | 'none' | 'leave' | 'set' | 'delete';

type Step =
  | { readonly do: OfKey; readonly key: string }
  | { readonly do: 'many' | 'batch'; readonly keys: readonly string[] }
  | { readonly do: 'advance'; readonly ms: number }
  | { readonly do: 'away' | 'tag' | 'clear' | 'pin' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('get' as const, 'getNow', 'load', 'fail', 'none', 'leave', 'set', 'delete'),
      key,
    }),
  },
  fc.record({ do: fc.constantFrom('many' as const, 'batch'), keys: fc.uniqueArray(key) }),
  { weight: 2, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.constantFrom(1, 10, 50, 2_000) }) },
  fc.record({ do: fc.constantFrom('away' as const, 'tag', 'clear', 'pin') }),
);

/** How many values the histograms of the windows hold, by name. */
function countsOf(events: readonly Event[], tier: string): Record<string, number> {
  const counts: Record<string, number> = Object.fromEntries(WINDOW_HISTOGRAMS.map((name) => [name, 0]));
  for (const event of events)
    if (event.kind === 'cache.window' && event.tier === tier)
      for (const name of WINDOW_HISTOGRAMS) counts[name]! += event[name]?.count ?? 0;
  return counts;
}

/** What the windows that were sent say of a tier, added up. */
function sumOf(events: readonly Event[], tier: string): Totals {
  const sum = noTotals();
  for (const event of events) {
    if (event.kind !== 'cache.window' || event.tier !== tier) continue;
    for (const result of REQUEST_RESULTS) sum.requests[result] += event.requests[result] ?? 0;
    for (const cause of REMOVAL_CAUSES) sum.removals[cause] += event.removals?.[cause] ?? 0;
    sum.loads += event.loads ?? 0;
    sum.loadErrors += event.loadErrors ?? 0;
    sum.writes += event.writes ?? 0;
    sum.refreshes.changed += event.refreshes?.changed ?? 0;
    sum.refreshes.unchanged += event.refreshes?.unchanged ?? 0;
    sum.costSavedNs += event.costSavedNs ?? 0;
    sum.ghostHits += event.ghostHits ?? 0;
  }
  return sum;
}

it('counts each get, load, write and removal once, however they overlap, and telemetry sends the same', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 10, maxLength: 80, size: 'max' }),
      fc.boolean(),
      async (steps, hasMemory) => {
        const clock = new FakeClock();
        const transport = new MemoryTransport();
        const telemetry = createTelemetry({
          service: 's',
          version: '1',
          transport,
          clock,
          random: () => 0.5,
          salt: 'salt',
        });
        const far = new FakeFarTier();
        const cache = createCache<string, string>({
          name: 'covers',
          tiers: hasMemory ? [memory({ maxBytes: 600, policy: 'lru' }), far] : [far],
          ttl: 30,
          staleWhileRevalidate: 20,
          staleIfError: 60,
          negativeTtl: 10,
          softTimeout: 15,
          hardTimeout: 1_000,
          maxConcurrentLoads: 2,
          clock,
          random: () => 0.5,
          telemetry,
        });
        await cache.ready();
        const asked: Promise<unknown>[] = [];
        let [gets, calls] = [0, 0];
        const load = async (value: LoaderAnswer<string> | Error, signal?: AbortSignal) => {
          calls++;
          await clock.sleep(25, signal);
          if (value instanceof Error) throw value;
          return value;
        };
        for (const one of steps) {
          if (one.do === 'advance') await clock.advance(one.ms);
          else if (one.do === 'away') far.away = !far.away;
          else if (one.do === 'tag') asked.push(cache.invalidateTag('t'));
          else if (one.do === 'clear') asked.push(cache.clear());
          else if (one.do === 'pin') cache.pin('a');
          else if (one.do === 'set' && 'key' in one)
            asked.push(cache.set(one.key, one.key.repeat(150), { tags: ['t'] }));
          else if (one.do === 'delete' && 'key' in one) asked.push(cache.delete(one.key));
          else if (one.do === 'many') {
            gets += one.keys.length;
            asked.push(cache.getMany(one.keys));
          } else if (one.do === 'batch') {
            gets += one.keys.length;
            asked.push(
              cache.getMany(one.keys, async (keys) => {
                calls += keys.length - 1;
                await load('batch');
                return keys.map((key) => (key === 'c' ? new Error('no') : key));
              }),
            );
          } else if (one.do === 'getNow') {
            if (cache.getNow(one.key) !== undefined) gets++;
          } else if (one.do === 'get') {
            gets++;
            asked.push(cache.get(one.key));
          } else if ('key' in one) {
            gets++;
            const value = one.do === 'fail' ? new Error('down') : one.do === 'none' ? undefined : one.key;
            const leaver = new AbortController();
            asked.push(
              cache.getOrLoad(one.key, (_, { signal }) => load(value, signal), {
                ...(one.do === 'leave' && { signal: leaver.signal }),
                tags: ['t'],
              }),
            );
            leaver.abort(new Error('left'));
          }
        }
        const settled = Promise.allSettled(asked);
        await clock.advance(5_000);
        await settled;
        const stats = cache.stats();
        expect(stats.gets).toBe(gets);
        // Some loads were left before their loader was called.
        expect(stats.loads + stats.loadErrors).toBeLessThanOrEqual(calls);
        expect(stats.loads + stats.loadErrors + stats.abandoned).toBeGreaterThanOrEqual(calls);
        expect(stats).toMatchObject({ loadsRunning: 0, loadsQueued: 0 });
        const sent = telemetry.shutdown();
        await clock.advance(5_000);
        expect(await sent).toBe(true);
        const events = transport.sent.flatMap((batch) => batch.events);
        for (const { tier, requests, removals, writes, entries, distributions, ...rest } of stats.tiers) {
          const { loads, loadErrors, refreshes, costSavedNs, ghostHits } = rest;
          expect({ requests, removals, loads, loadErrors, writes, refreshes, costSavedNs, ghostHits }).toEqual(
            sumOf(events, tier),
          );
          const counts = WINDOW_HISTOGRAMS.map((name) => [name, distributions[name].count]);
          expect(Object.fromEntries(counts)).toEqual(countsOf(events, tier));
          expect(distributions.ageAtRefresh.count).toBe(refreshes.changed + refreshes.unchanged);
          if (tier === 'memory') expect(distributions.timeToEviction.count).toBe(removals.evicted);
          if (tier !== 'memory') continue;
          const left = REMOVAL_CAUSES.reduce((sum, cause) => sum + (cause === 'rejected' ? 0 : removals[cause]), 0);
          expect(writes - left).toBe(entries);
        }
        await cache.close();
      },
    ),
    { numRuns: 100 },
  );
}, 30_000);
