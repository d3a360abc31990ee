import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { loaded } from '../options.js';
import { aCache } from '../testing/a-cache.js';
import { canonical } from '../testing/canonical.js';
import { contentHash } from './content-hash.js';

const aValue = fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true });

describe('A content hash', () => {
  it('is the same for equal values, in another process and another order of fields', () => {
    expect(contentHash({ a: 1, b: [new Date(5), new Map([['x', 2n]])], c: undefined })).toBe(
      contentHash({ b: [new Date(5), new Map([['x', 2n]])], a: 1 }),
    );
    expect(contentHash({ title: 'Walden' })).toBe(contentHash(JSON.parse('{"title":"Walden"}')));
    expect(contentHash('Walden')).toMatch(/^[0-9a-f]{32}$/);
  });

  it('tells values apart that differ', () => {
    const values = ['', '1', 1, 1n, true, null, [], [[]], {}, { a: 1 }, { a: '1' }, { b: 1 }, -0, 0, Number.NaN];
    const bytes = [Uint8Array.of(1), Int8Array.of(1), Uint8Array.of(1, 0), new Set([1]), [1], new Date(1)];
    const near = [['a', 'bc'], ['ab', 'c'], ['abc'], { ab: 'c' }, { a: 'bc' }, new Map([['a', 'bc']])];
    const hashes = [...values, ...bytes, ...near].map((value) => contentHash(value));
    expect(new Set(hashes).size).toBe(hashes.length);
    fc.assert(
      fc.property(aValue, aValue, (one, other) => {
        const [a, b] = [contentHash(one), contentHash(other)];
        if (a !== undefined && a === b) expect(canonical(one)).toBe(canonical(other));
      }),
    );
  });

  it('does not know functions, instances of classes, and what holds itself', () => {
    class Cover {}
    const loop: unknown[] = [];
    loop.push(loop);
    for (const value of [() => 1, new Cover(), { call: () => 1 }, [Symbol('x')], loop, new Error('x')])
      expect(contentHash(value)).toBeUndefined();
  });
});

describe('A cache that goes by content', () => {
  it('keeps the held value when an equal one is loaded, and says that nothing changed', async () => {
    const { cache, clock } = aCache<{ readonly title: string }>({ ttl: '1s', freshness: 'content-hash' });
    const first = await cache.getOrLoad('a', () => ({ title: 'Walden' }));
    const again = await cache.revalidate('a', () => ({ title: 'Walden' }));
    expect(again).toEqual({ value: { title: 'Walden' }, changed: false });
    expect(again.value).toBe(first);
    expect(cache.stats()).toMatchObject({ loads: 2, unchanged: 1 });
    // It is as fresh as new.
    await clock.advance(900);
    expect(cache.getNow('a')).toBe(first);
    expect(await cache.revalidate('a', () => ({ title: 'Moby' }))).toEqual({ value: { title: 'Moby' }, changed: true });
    // Without being told, two loads are two values.
    const plain = aCache<{ readonly title: string }>();
    await plain.cache.getOrLoad('a', () => ({ title: 'Walden' }));
    expect((await plain.cache.revalidate('a', () => ({ title: 'Walden' }))).changed).toBe(true);
    await plain.cache.close();
    await cache.close();
  });

  it('goes by the version where the loader gives one', async () => {
    const { cache } = aCache({ freshness: 'content-hash' });
    await cache.getOrLoad('a', () => loaded({ value: 'A', version: '1' }));
    expect(await cache.revalidate('a', () => loaded({ value: 'A', version: '2' }))).toMatchObject({ changed: true });
    expect(await cache.revalidate('a', () => loaded({ value: 'A', version: '2' }))).toMatchObject({ changed: false });
    await cache.close();
  });

  it('asks whether what is held still holds, where there is a question for that', async () => {
    const asked: unknown[] = [];
    const { cache, clock } = aCache({
      ttl: '1s',
      staleIfError: '1m',
      loader: () => loaded({ value: 'A', version: 'v1' }),
      revalidate: (key, previous) => {
        asked.push([key, previous]);
        return loaded({ unchanged: true });
      },
    });
    expect(await cache.getOrLoad('a')).toBe('A');
    expect(asked).toEqual([]);
    await clock.advance(2_000);
    expect(await cache.getOrLoad('a')).toBe('A');
    expect(asked).toEqual([['a', { value: 'A', version: 'v1', ageMs: 2_000 }]]);
    expect(await cache.revalidate('a')).toEqual({ value: 'A', changed: false });
    await cache.close();
  });
});
