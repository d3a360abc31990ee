import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Ghosts } from './ghosts.js';
import { expectSame } from './testing/expect-same.js';

/** Few hashes, and such as agree in their low or their high bits. */
const hashes = fc.oneof(
  fc.nat(40),
  fc.nat(255).map((n) => n * 0x0100_0000),
  fc.integer({ min: 0, max: 0xffff_ffff }),
);
const steps = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('add' as const), hash: hashes, most: fc.constantFrom(0, 1, 7, 50, 400) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('delete' as const), hash: hashes }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('trim' as const), most: fc.nat(60) }) },
);

describe('Ghosts', () => {
  it('are the last keys that left, whatever happens', () => {
    fc.assert(
      fc.property(fc.array(steps, { size: 'max', maxLength: 600 }), (taken) => {
        const ghosts = new Ghosts();
        let model: number[] = [];
        const trim = (most: number) =>
          (model = model.slice(Math.min(8, Math.max(0, model.length - Math.max(0, most)))));
        for (const step of taken) {
          if (step.do === 'trim') {
            ghosts.trim(step.most);
            trim(step.most);
            continue;
          }
          expectSame(ghosts.has(step.hash), model.includes(step.hash));
          if (step.do === 'delete') {
            expectSame(ghosts.delete(step.hash), model.includes(step.hash));
            model = model.filter((hash) => hash !== step.hash);
          } else {
            ghosts.add(step.hash, step.most);
            model = model.filter((hash) => hash !== step.hash);
            trim(step.most - 1);
            if (step.most > 0) model.push(step.hash);
          }
          expectSame(ghosts.size, model.length);
        }
        for (const hash of model) expectSame(ghosts.delete(hash), true);
        expect(ghosts.size).toBe(0);
      }),
    );
  });

  it('hold many, and come down to a lower limit a few at a time', () => {
    const ghosts = new Ghosts();
    for (let hash = 0; hash < 100_000; hash++) ghosts.add(hash, 50_000);
    expect(ghosts.size).toBe(50_000);
    expect([49_999, 50_000, 99_999].map((hash) => ghosts.has(hash))).toEqual([false, true, true]);
    ghosts.add(100_000, 10);
    expect(ghosts.size).toBe(50_000 - 8 + 1);
    while (ghosts.size > 10) ghosts.trim(10);
    expect(ghosts.has(99_991)).toBe(true);
    expect(ghosts.has(99_990)).toBe(false);
    ghosts.clear();
    expect([ghosts.size, ghosts.has(99_999)]).toEqual([0, false]);
  });
});
