import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Evictor, type EvictionSetting } from './evictor.js';
import { POLICY_NAMES } from './policy.js';
import { ALL_SAMPLED, sampleOf } from './policy-chooser.js';
import { NONE, Slots } from './slots.js';
import { aCache, loop, recent } from './testing/a-cache.js';
import { expectSame } from './testing/expect-same.js';

const SETTINGS: readonly EvictionSetting[] = [...POLICY_NAMES, 'adaptive'];
const steps = fc.oneof(
  { weight: 20, arbitrary: fc.record({ do: fc.constant('access' as const), key: fc.nat(60) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pin' as const), key: fc.nat(60) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), key: fc.nat(60) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('use' as const), setting: fc.constantFrom(...SETTINGS) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reweigh' as const), key: fc.nat(60) }) },
);

describe('An evictor', () => {
  it('loses no entry and holds none twice, whatever happens', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...SETTINGS),
        fc.integer({ min: 1, max: 40 }),
        fc.array(steps, { size: 'max', maxLength: 300 }),
        (first, size, taken) => {
          const slots = new Slots();
          const evictor = new Evictor(slots, first);
          const held = new Map<number, number>();
          const pinned = new Set<number>();
          for (const step of taken) {
            const slot = step.do === 'use' ? undefined : held.get(step.key);
            if (step.do === 'use') evictor.use(step.setting);
            else if (step.do === 'access' && slot === undefined) {
              let room = true;
              if (held.size >= size) {
                const out = evictor.evict();
                room = out !== NONE;
                expectSame(room, pinned.size < held.size);
                if (room) {
                  expectSame(pinned.has(slots.hash[out]!), false);
                  expectSame(held.delete(slots.hash[out]!), true);
                  slots.free(out);
                }
              }
              if (room) {
                const taken = slots.take(step.key, 1 + (step.key % 3));
                held.set(step.key, taken);
                evictor.add(taken);
              }
            } else if (slot === undefined) continue;
            else if (step.do === 'pin') {
              if (pinned.delete(step.key)) evictor.add(slot);
              else {
                pinned.add(step.key);
                evictor.remove(slot);
              }
            } else if (step.do === 'remove') {
              if (!pinned.delete(step.key)) evictor.remove(slot);
              held.delete(step.key);
              slots.free(slot);
            } else if (pinned.has(step.key)) continue;
            else if (step.do === 'reweigh') evictor.reweigh(slot, 1 + (slots.weight[slot]! % 5));
            else evictor.hit(slot);
            if (step.do === 'access' && sampleOf(step.key) < evictor.sampleThreshold) evictor.sampled(step.key);
            const managed = [...held].filter(([key]) => !pinned.has(key)).map(([, slot]) => slot);
            expectSame(evictor.count, managed.length);
            expectSame(
              [...evictor.order()].sort((a, b) => a - b),
              managed.sort((a, b) => a - b),
            );
          }
          for (let left = held.size - pinned.size; left > 0; left--) expect(evictor.evict()).not.toBe(NONE);
          expect(evictor.evict()).toBe(NONE);
        },
      ),
      { numRuns: 40 },
    );
  });

  it.each(POLICY_NAMES.flatMap((from) => POLICY_NAMES.map((to) => [from, to] as const)))(
    'changes from %s to %s within an operation per eight entries',
    (from, to) => {
      const cache = aCache(800, from);
      for (let key = 0; key < 1_000; key++) cache.access(key);
      const before = new Set(cache.evictor.order());
      cache.evictor.use(to);
      expect(cache.evictor.policy).toBe(to);
      expect(new Set(cache.evictor.order())).toEqual(before);
      for (let left = 101; left > 0; left--) cache.access(999);
      expect(cache.evictor.toMove).toBe(0);
      expect(new Set(cache.evictor.order())).toEqual(before);
    },
  );

  it('takes the last of several changes made while one is under way', () => {
    const cache = aCache(500, 'lru');
    for (let key = 0; key < 500; key++) cache.access(key);
    for (const policy of ['sieve', 'arc', 'w-tinylfu', 's3-fifo'] as const) cache.evictor.use(policy);
    for (let i = 0; i < 200; i++) cache.access(499);
    expect([cache.evictor.policy, cache.evictor.toMove, cache.evictor.count]).toEqual(['s3-fifo', 0, 500]);
  });

  it('adapts to what the accesses are: to a loop, then to what was used last', () => {
    const cache = aCache(200, 'adaptive');
    for (const key of loop(20_000, 250)) cache.access(key);
    expect(['s3-fifo', 'w-tinylfu']).toContain(cache.evictor.policy);
    for (const key of recent(20_000)) cache.access(1_000_000 + key);
    expect(['lru', 'arc']).toContain(cache.evictor.policy);
  });

  it('samples nothing while nothing misses, and begins again when something does', () => {
    const cache = aCache(100, 'adaptive');
    for (const key of loop(2_000, 50)) cache.access(key);
    expect(cache.evictor.sampleThreshold).toBe(0);
    cache.access(77);
    expect(cache.evictor.sampleThreshold).toBeGreaterThan(0);
    cache.evictor.use('lru');
    expect([cache.evictor.sampleThreshold, cache.evictor.setting]).toEqual([0, 'lru']);
  });

  it('takes what was removed for no hit of any policy: entries that live shortly are missed again', () => {
    const slots = new Slots();
    const evictor = new Evictor(slots, 'adaptive');
    for (let i = 0; i < 2_000; i++) {
      const key = i % 50;
      const slot = slots.take(key, 1);
      evictor.add(slot);
      evictor.sampled(key);
      // Were the second access to a key a hit, all of them would be by now, and nothing would be sampled any more.
      expectSame(evictor.sampleThreshold > 0, true);
      evictor.remove(slot);
      slots.free(slot);
    }
  });

  it('samples a small share of the keys of a large cache', () => {
    const cache = aCache(20_000, 'adaptive');
    for (let key = 0; key < 24_000; key++) cache.access(key);
    expect((cache.evictor.sampleThreshold / ALL_SAMPLED) * 20_000).toBeLessThanOrEqual(512);
    expect((cache.evictor.sampleThreshold / ALL_SAMPLED) * 20_000).toBeGreaterThan(100);
  });

  it('is empty after it was cleared, and goes on', () => {
    const cache = aCache(100, 'adaptive');
    for (const key of recent(5_000)) cache.access(key);
    cache.clear();
    expect([cache.evictor.count, [...cache.evictor.order()]]).toEqual([0, []]);
    for (const key of recent(5_000)) cache.access(key);
    expect(cache.evictor.count).toBe(100);
  });
});
