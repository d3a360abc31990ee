import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NO_RECORDER } from '#libs/contracts';
import { FakeClock } from '#libs/time/testing';
import { POLICY_NAMES, type PolicyName } from '#libs/cache-policies';
import { memory } from '../index.js';

const KIB = 1_024;

function aTier(limits: { readonly maxBytes?: number; readonly maxEntries?: number }, policy: PolicyName) {
  const clock = new FakeClock();
  const tier = memory({ ...limits, policy, overheadBytes: 0, weigher: (value) => value as number });
  tier.attach({ clock, random: () => 0.5, recorder: NO_RECORDER, cache: 'c' } as never);
  const put = (key: string, bytes: number) =>
    tier.put(key, { value: bytes, negative: false, freshMs: Number.POSITIVE_INFINITY, staleMs: 0 } as never);
  return { clock, tier, put };
}

describe('The limits of a memory tier', () => {
  it.each(POLICY_NAMES)('hold after each write, also of one that is as large as thousands of others: %s', (policy) => {
    const { tier, put } = aTier({ maxBytes: 8 * KIB * KIB }, policy);
    for (let i = 0; i < 20_000; i++) put(`small ${i}`, 400);
    for (let i = 0; i < 4; i++) {
      expect(put(`large ${i}`, 7 * KIB * KIB)).toBe(true);
      expect(tier.usage().bytes).toBeLessThanOrEqual(8 * KIB * KIB);
    }
    put('small 1', 7 * KIB * KIB);
    expect(tier.usage().bytes).toBeLessThanOrEqual(8 * KIB * KIB);
  });

  it.each(POLICY_NAMES)('hold whatever is written: %s', (policy) => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ key: fc.nat(200), bytes: fc.integer({ min: 1, max: 1_500 }) }), { maxLength: 400 }),
        (writes) => {
          const { tier, put } = aTier({ maxBytes: 2_000, maxEntries: 50 }, policy);
          for (const { key, bytes } of writes) {
            put(String(key), bytes);
            expect(tier.usage().bytes).toBeLessThanOrEqual(2_000);
            expect(tier.usage().entries).toBeLessThanOrEqual(50);
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  it.each(POLICY_NAMES)(
    'that were lowered are reached step by step, and no write adds to what is over them: %s',
    async (policy) => {
      const { clock, tier, put } = aTier({ maxBytes: 40_000 * 400 }, policy);
      for (let i = 0; i < 40_000; i++) put(`small ${i}`, 400);
      const resized = tier.resize({ maxBytes: 1_000 * 400 });
      let before = tier.usage().bytes!;
      expect(before).toBeGreaterThan(30_000 * 400);
      for (let i = 0; i < 5; i++) {
        put(`new ${i}`, 300 * 400);
        expect(tier.usage().bytes).toBeLessThanOrEqual(before);
        before = tier.usage().bytes!;
      }
      await clock.advance(1_000);
      await resized;
      expect(tier.usage().bytes).toBeLessThanOrEqual(1_000 * 400);
    },
  );
});
