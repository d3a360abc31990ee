import { describe, expect, it } from '@jest/globals';
import { loaded, memory } from '../index.js';
import { aCache } from '../testing/a-cache.js';
import { FakeFarTier } from '../testing/index.js';

const broken = (): never => {
  throw new Error('It is broken.');
};

describe('What a loader gave and cannot be kept', () => {
  it.each([
    ['its ttl is none', {}, () => loaded({ value: 'A', ttl: 'soon' as '1s' })],
    ['its tags are none', {}, () => loaded({ value: 'A', tags: 'a' as unknown as string[] })],
    ['the weigher is broken', { maxBytes: 1_000, weigher: broken }, () => 'A'],
    ['the weigher gives no size', { maxBytes: 1_000, weigher: () => Number.NaN }, () => 'A'],
    ['whoever admits is broken', { maxEntries: 10, admit: broken }, () => 'A'],
  ])('is answered, counted once as loaded, and told, when %s', async (_, options, load) => {
    const { cache, problems } = aCache({ tiers: [memory({ maxEntries: 10, ...options })] });
    expect(await Promise.all([cache.getOrLoad('a', load), cache.getOrLoad('a', load)])).toEqual(['A', 'A']);
    expect(cache.stats()).toMatchObject({ loads: 1, loadErrors: 0 });
    expect(problems).toHaveLength(1);
    expect(cache.getNow('a')).toBeUndefined();
    await cache.close();
  });

  it('leaves nothing older behind', async () => {
    const { cache, problems } = aCache();
    await cache.set('a', 'old');
    const { value } = await cache.revalidate('a', () => loaded({ value: 'new', ttl: 'soon' as '1s' }));
    expect(value).toBe('new');
    expect(await cache.get('a')).toBeUndefined();
    expect(problems).toHaveLength(1);
    await cache.close();
  });

  it('is kept by the tiers that can when it came from a farther one', async () => {
    const far = new FakeFarTier();
    const first = aCache({ tiers: [far] });
    await first.cache.set('a', 'A');
    const { cache, problems } = aCache({
      tiers: [memory({ maxEntries: 10, admit: broken }), new FakeFarTier(far.store)],
    });
    expect(await cache.get('a')).toBe('A');
    expect(await cache.getOrLoad('a', () => 'B')).toBe('A');
    expect(await cache.getMany(['a'])).toEqual(['A']);
    expect(problems).toHaveLength(3);
    await Promise.all([first.cache.close(), cache.close()]);
  });
});

describe('What a call says of what it loads', () => {
  it.each([
    [{ ttl: 'soon' as '1s' }, 'ttl: soon is no duration'],
    [{ negativeTtl: -1 }, 'negativeTtl: -1 is no duration'],
    [{ staleIfError: 'x' as '1s' }, 'staleIfError: x is no duration'],
    [{ tags: 'abc' as unknown as string[] }, 'tags'],
    [{ tags: [7 as unknown as string] }, 'A tag is a text'],
  ])('is refused when it is %j, before anything is loaded', async (options, message) => {
    const { cache } = aCache();
    let asked = 0;
    const load = () => `${asked++}`;
    await expect(cache.getOrLoad('a', load, options)).rejects.toThrow(message);
    await expect(cache.getMany(['a'], async () => [load()], options)).rejects.toThrow(message);
    await expect(cache.revalidate('a', load, options)).rejects.toThrow(message);
    expect(asked).toBe(0);
    await cache.close();
  });
});
