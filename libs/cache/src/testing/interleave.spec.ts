import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { memory } from '../index.js';
import { aCache } from './a-cache.js';
import { createOrigin, expectFresh, expectNoStampede, FailedAssertion, interleave, type Turns } from './index.js';

/** A cache that forgets what it reads first: two that read and then write may lose a step. */
async function countTwice(turns: Turns): Promise<void> {
  let held = 0;
  const count = async () => {
    const read = held;
    await turns.take('read');
    held = read + 1;
  };
  await Promise.all([turns.take('a').then(count), turns.take('b').then(count)]);
  if (held !== 2) throw new Error(`It counted ${held}.`);
}

describe('The interleavings', () => {
  it('find an order that fails, name its seed, and repeat it', async () => {
    const failed = (await interleave(countTwice).catch((error: unknown) => error)) as FailedAssertion;
    expect(failed).toBeInstanceOf(FailedAssertion);
    expect(failed.message).toMatch(
      /^Failed in order \d+ of 100, of seed (\d+): [ab], [ab], read, read\.\n.*\nIt counted 1\.$/s,
    );
    const seed = Number(/of seed (\d+)/.exec(failed.message)![1]);
    const again = (await interleave(countTwice, { seed, runs: 1 }).catch((error: unknown) => error)) as Error;
    expect(again.message.split('\n')[0]).toBe(
      failed.message.split('\n')[0]!.replace(/order \d+ of 100/, 'order 1 of 1'),
    );
    expect(failed.cause).toMatchObject({ message: 'It counted 1.' });
  });

  it('try every order of a few steps, and pass when none fails', async () => {
    const orders = new Set<string>();
    await interleave(async (turns) => {
      await Promise.all(['a', 'b', 'c'].map((label) => turns.take(label)));
      orders.add(turns.taken.join(''));
    });
    expect(orders.size).toBe(6);
  });

  it('say that a test waits for what never comes', async () => {
    await expect(interleave(() => new Promise<void>(() => undefined), { runs: 1 })).rejects.toThrow(
      /nobody took a turn[\s\S]*nobody asks for a turn/,
    );
  });

  it('never have a cache keep an older value than the last that was written', async () => {
    await interleave(async (turns) => {
      const origin = createOrigin({ values: { a: 'old' }, turn: turns.take });
      const { cache } = aCache({ tiers: [memory({ maxEntries: 10 })] });
      const set = turns.take('set').then(() => cache.set('a', 'new'));
      await Promise.all([cache.getOrLoad('a', origin.load), cache.getOrLoad('a', origin.load), set]);
      await expectFresh(cache, 'a', 'new');
      expectNoStampede(origin);
      await cache.close();
    });
  });

  it("take fast-check's scheduler in their place", async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const origin = createOrigin({
          values: { a: 'A', b: 'B' },
          turn: (label) => scheduler.schedule(Promise.resolve(), label),
        });
        const { cache } = aCache();
        const asked = Promise.all([cache.getOrLoad('a', origin.load), cache.getOrLoad('b', origin.load)]);
        await scheduler.waitFor(asked);
        expect(await asked).toEqual(['A', 'B']);
        await cache.close();
      }),
      { numRuns: 20 },
    );
  });
});
