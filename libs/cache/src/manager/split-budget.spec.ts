import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { claimsOf } from './demand.js';
import { splitBudget, type Claim } from './split-budget.js';

const bytes = fc.integer({ min: 0, max: 10_000_000 });
const claim = fc
  .tuple(fc.oneof(fc.constant(0), fc.double({ min: 0.01, max: 100, noNaN: true })), bytes, fc.option(bytes))
  .map(([weight, minBytes, more]): Claim => {
    return { weight, minBytes, maxBytes: more === null ? Number.POSITIVE_INFINITY : minBytes + more };
  });
const claims = fc.array(claim, { maxLength: 12 });
const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);

describe('A budget', () => {
  it('is split into whole bytes whose sum is never above it, within the bounds of each where it is enough', () => {
    fc.assert(
      fc.property(bytes, claims, (budget, all) => {
        const shares = splitBudget(budget, all);
        expect(sum(shares)).toBeLessThanOrEqual(budget);
        const enough = sum(all.map(({ minBytes }) => minBytes)) <= budget;
        for (const [i, { minBytes, maxBytes }] of all.entries()) {
          expect(Number.isSafeInteger(shares[i])).toBe(true);
          expect(shares[i]).toBeLessThanOrEqual(maxBytes);
          if (enough) expect(shares[i]).toBeGreaterThanOrEqual(minBytes);
          else expect(shares[i]).toBeLessThanOrEqual(minBytes);
        }
      }),
    );
  });

  it('is used up where somebody can take it', () => {
    fc.assert(
      fc.property(bytes, claims, (budget, all) => {
        const most = sum(all.map(({ weight, minBytes, maxBytes }) => (weight === 0 ? minBytes : maxBytes)));
        expect(sum(splitBudget(budget, all))).toBeGreaterThanOrEqual(Math.min(budget, most) - all.length);
      }),
      { examples: [[2_723_060, [{ weight: 0.6482059111925671, minBytes: 2_723_058, maxBytes: Infinity }]]] },
    );
  });

  it('that grows takes from nobody', () => {
    fc.assert(
      fc.property(bytes, bytes, claims, (budget, more, all) => {
        const before = splitBudget(budget, all);
        for (const [i, share] of splitBudget(budget + more, all).entries())
          expect(share).toBeGreaterThanOrEqual(before[i]! - 1);
      }),
    );
  });

  it('gives more to a greater weight, and the same to equals', () => {
    fc.assert(
      fc.property(bytes, claims, claim, fc.double({ min: 1, max: 9, noNaN: true }), (budget, others, one, times) => {
        const shares = splitBudget(budget, [...others, one, { ...one, weight: one.weight * times }, one]);
        const [a, heavier, b] = shares.slice(-3);
        expect(a).toBe(b);
        expect(heavier).toBeGreaterThanOrEqual(a! - 1);
      }),
    );
  });

  it.each<[string, number, Claim[], number[]]>([
    ['by weight', 400, [aClaim(1), aClaim(3)], [100, 300]],
    ['with a most', 400, [aClaim(1), { ...aClaim(3), maxBytes: 150 }], [250, 150]],
    ['with a least', 400, [{ ...aClaim(1), minBytes: 300 }, aClaim(3)], [300, 100]],
    [
      'with too little for the least',
      100,
      [
        { ...aClaim(1), minBytes: 300 },
        { ...aClaim(1), minBytes: 100 },
      ],
      [75, 25],
    ],
    [
      'to the byte, also where a bound is met by a rounding',
      3_000_185,
      [{ ...aClaim(67.61992565915705), minBytes: 3_000_183 }],
      [3_000_185],
    ],
    [
      'within the budget there, too',
      1_788_316,
      [{ ...aClaim(13.623348297611214), minBytes: 1_787_004 }, aClaim(0.01)],
      [1_787_004, 1_311],
    ],
    ['with nothing', 0, [aClaim(1)], [0]],
    ['over nobody', 100, [], []],
  ])('%s', (_, budget, all, shares) => {
    expect(splitBudget(budget, all)).toEqual(shares);
  });
});

describe('What caches claim', () => {
  const full = { bytes: 1_000, maxBytes: 1_000 };

  it('is by weight until something was seen, and then more where bytes answer more', () => {
    expect(claimsOf([{}, { weight: 2 }], 9_000).map(({ weight }) => weight)).toEqual([1, 2]);
    const [poor, rich] = claimsOf([{ seen: { ...full, hits: 10 } }, { seen: { ...full, hits: 90 } }], 9_000);
    expect(rich!.weight / poor!.weight).toBeCloseTo(3, 6);
    expect(claimsOf([{ seen: { ...full, hits: 0 } }, { seen: { ...full, hits: 5 } }], 9_000)[0]!.weight).toBe(0.25);
  });

  it('is little more than what it holds for a cache that is not full, and what was desired from afar for one that is set', () => {
    const [half, fixed] = claimsOf(
      [
        { minBytes: 10, seen: { bytes: 400, maxBytes: 1_000, hits: 5 } },
        { weight: 9, fixedBytes: 77, seen: { ...full, hits: 5 } },
      ],
      9_000,
    );
    expect(half).toMatchObject({ minBytes: 10, maxBytes: 500 });
    expect(fixed).toEqual({ weight: 0, minBytes: 77, maxBytes: 77 });
  });

  it('is what was desired within its share, and within what the least of the others leaves, unless that is too much itself', () => {
    const parts = (budget: number, ...caches: Parameters<typeof claimsOf>[0]) =>
      claimsOf(caches, budget).map(({ minBytes }) => minBytes);
    expect(parts(1_000, { fixedBytes: 900, maxBytes: 600 }, {})).toEqual([600, 0]);
    expect(parts(1_000, { fixedBytes: 5, minBytes: 50 }, {})).toEqual([50, 0]);
    expect(parts(1_000, { fixedBytes: 4_000 }, { minBytes: 100 })).toEqual([900, 100]);
    expect(parts(1_000, { fixedBytes: 800 }, { fixedBytes: 400 }, { minBytes: 100 })).toEqual([600, 300, 100]);
    expect(parts(1_000, { fixedBytes: 900, minBytes: 300 }, { minBytes: 900 })).toEqual([300, 900]);
  });
});

function aClaim(weight: number): Claim {
  return { weight, minBytes: 0, maxBytes: Number.POSITIVE_INFINITY };
}
