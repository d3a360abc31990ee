import { describe, expect, it } from '@jest/globals';
import { memory } from './index.js';
import { aCache } from './testing/a-cache.js';
import { createOrigin, expectAbsent, expectCounts, expectFresh } from './testing/index.js';

describe('What the caches before got wrong', () => {
  it('is right here: a removal means the keys that reads mean, however they are written down', async () => {
    type Key = { readonly id: string; readonly width?: number | undefined; readonly page?: number };
    const { cache } = aCache<string, Key>();
    const origin = createOrigin<string, Key>({ values: ({ id }) => id });
    await cache.getOrLoad({ id: 'a', width: 320 }, origin.load, { tags: ['book:a'] });
    expect(await cache.delete({ width: 320, id: 'a' })).toBe(true);
    await cache.getOrLoad({ id: 'a', width: undefined, page: 1 }, origin.load, { tags: ['book:a'] });
    expect(await cache.delete({ page: 1, id: 'a' })).toBe(true);
    await cache.getOrLoad({ id: 'a', width: 640 }, origin.load, { tags: ['book:a'] });
    expect((await cache.invalidateTag('book:a')).entries).toBe(1);
    await expectAbsent(cache, { id: 'a', width: 640 });
    await cache.close();
  });

  it('is right here: a size slider makes room, and a cache that is larger again keeps more', async () => {
    const { cache } = aCache({ tiers: [memory({ maxBytes: 1_000, weigher: () => 100, overheadBytes: 0 })] });
    const fill = async () => {
      for (let i = 0; i < 20; i++) await cache.set(`cover ${i}`, 'bytes');
    };
    await fill();
    expectCounts(cache, { tiers: { memory: { entries: 10, bytes: 1_000, evicted: 10 } } });
    await cache.resize('memory', { maxBytes: 300 });
    expectCounts(cache, { tiers: { memory: { entries: 3, bytes: 300, evicted: 17 } } });
    await cache.resize('memory', { maxBytes: 2_000 });
    await fill();
    expectCounts(cache, { tiers: { memory: { entries: 20, bytes: 2_000, evicted: 17 } } });
    await cache.close();
  });

  it('is right here: a button to clear says first what it will remove, and removes it', async () => {
    const { cache } = aCache({ tiers: [memory({ maxBytes: 1_000, weigher: () => 100, overheadBytes: 0 })] });
    for (const key of ['a', 'b', 'c']) await cache.set(key, key);
    expect(await cache.clear({ dryRun: true })).toMatchObject({ entries: 3, bytes: 300 });
    await expectFresh(cache, 'a', 'a');
    expect(await cache.clear()).toMatchObject({ entries: 3, bytes: 300 });
    await expectAbsent(cache, 'a');
    expectCounts(cache, { tiers: { memory: { entries: 0, bytes: 0, cleared: 3 } } });
    await cache.close();
  });
});
