/**
 * @jest-environment-options { "customExportConditions": ["source", "browser"] }
 */
import { describe, expect, it } from '@jest/globals';
import { createEffect, createRoot, createSignal } from 'solid-js';
import { isServer } from 'solid-js/web';
import { createOrigin } from '#libs/cache/testing';
import { aCache } from '../testing/a-cache.js';
import { createCachedResource } from './index.js';

/** Lets promises that are due settle. */
const settle = async () => {
  for (let i = 0; i < 60; i++) await Promise.resolve();
};

/** Mounts a resource with Solid's build for browsers; what it shows is recorded. */
function mount({ ttl = '1m', swr = '1m' as const, script = [] as ('hang' | 'throw')[], latency = 0 } = {}) {
  const { cache, clock } = aCache({ ttl: ttl as '1m', staleWhileRevalidate: swr });
  let version = 1;
  const origin = createOrigin({ values: (key: string) => `${key}${version}`, clock, script, latency });
  const [key, setKey] = createSignal<string | undefined>('a');
  const shown: (string | undefined)[] = [];
  const mounted = createRoot((unmount) => {
    const [value, actions] = createCachedResource(key, cache, origin.load);
    createEffect(() => shown.push(value.error === undefined ? value.latest : `error: ${value.error.message}`));
    return { value, unmount, ...actions };
  });
  return { cache, clock, origin, setKey, shown, next: () => void version++, ...mounted };
}

describe('A cached resource, mounted', () => {
  it("runs on Solid's build for browsers, loads once, and shows what memory holds at once", async () => {
    expect(isServer).toBe(false);
    const { cache, origin, value, unmount } = mount();
    expect([value(), value.state]).toEqual([undefined, 'pending']);
    await settle();
    expect([value(), value.state, origin.calls.length]).toEqual(['a1', 'ready', 1]);
    createRoot((end) => {
      const [second] = createCachedResource(() => 'a', cache, origin.load);
      expect([second(), second.state]).toEqual(['a1', 'ready']);
      end();
    });
    expect(cache.stats()).toMatchObject({ gets: 2, loads: 1 });
    unmount();
    await cache.close();
  });

  it('waits for a key, and follows it', async () => {
    const { cache, origin, setKey, value, shown, unmount } = mount();
    await settle();
    setKey('b');
    await settle();
    setKey(undefined);
    await settle();
    expect(value()).toBe('b1');
    setKey('a');
    await settle();
    expect(shown.filter((one) => one !== undefined)).toEqual(['a1', 'b1', 'a1']);
    expect(origin.calls.map(({ key }) => key)).toEqual(['a', 'b']);
    unmount();
    await cache.close();
  });

  it('takes keys of equal content for one key', async () => {
    const { cache } = aCache<string, readonly [string, number]>();
    const origin = createOrigin<string, readonly [string, number]>({ values: ([id, width]) => `${id}${width}` });
    const [width, setWidth] = createSignal(1, { equals: false });
    const { value, unmount } = createRoot((end) => {
      const [resource] = createCachedResource(() => ['a', width()] as const, cache, origin.load);
      return { value: resource, unmount: end };
    });
    await settle();
    setWidth(1);
    await settle();
    expect([value(), cache.stats().gets]).toEqual(['a1', 1]);
    setWidth(2);
    await settle();
    expect([value(), cache.stats().gets]).toEqual(['a2', 2]);
    unmount();
    await cache.close();
  });

  it('shows what is stale while it is loaded anew, and then the new value', async () => {
    const { cache, clock, next, setKey, shown, unmount } = mount();
    await settle();
    setKey('b');
    await settle();
    next();
    await clock.advance(90_000);
    setKey('a');
    await settle();
    expect(shown.slice(-2)).toEqual(['a1', 'a2']);
    unmount();
    await cache.close();
  });

  it.each([
    ['its key', (cache: ReturnType<typeof mount>['cache']) => cache.delete('a')],
    ['a beginning', (cache: ReturnType<typeof mount>['cache']) => cache.invalidatePrefix('a')],
    ['everything', (cache: ReturnType<typeof mount>['cache']) => cache.clear()],
  ])('loads again when %s is invalidated', async (_, invalidate) => {
    const { cache, next, shown, unmount } = mount();
    await settle();
    next();
    await invalidate(cache);
    await settle();
    expect(shown.filter((one) => one !== undefined)).toEqual(['a1', 'a2']);
    unmount();
    await cache.close();
  });

  it('shows what is written elsewhere, also while it loads, and asks nobody for it', async () => {
    const { cache, clock, origin, shown, value, unmount } = mount({ latency: 10 });
    await settle();
    await cache.set('a', 'written');
    await clock.advance(10);
    expect(value()).toBe('written');
    await cache.set('a', 'again');
    expect([value(), origin.calls.length, cache.stats().gets]).toEqual(['again', 1, 1]);
    expect(shown).not.toContain('a1');
    unmount();
    await cache.close();
  });

  it('does not stay with what was invalidated while it was loaded', async () => {
    const { cache, clock, next, origin, value, unmount } = mount({ latency: 10 });
    await settle();
    await cache.delete('a');
    await clock.advance(10);
    next();
    await settle();
    await clock.advance(10);
    expect([value(), origin.calls.length]).toEqual(['a2', 2]);
    unmount();
    await cache.close();
  });

  it('refetches on demand, and writes what it is given', async () => {
    const { cache, next, refetch, mutate, value, unmount } = mount();
    await settle();
    next();
    await refetch();
    expect(value()).toBe('a2');
    await mutate('mine');
    expect([value(), cache.getNow('a')]).toEqual(['mine', 'mine']);
    unmount();
    await cache.close();
  });

  it('aborts its load when it is unmounted, and when its key changes, and shows no error for it', async () => {
    const { cache, origin, setKey, shown, unmount } = mount({ script: ['hang', 'hang'] });
    await settle();
    setKey('b');
    await settle();
    expect(origin.calls.map(({ outcome }) => outcome)).toEqual(['aborted', 'running']);
    unmount();
    await settle();
    expect(origin.calls.map(({ outcome }) => outcome)).toEqual(['aborted', 'aborted']);
    expect(shown.filter((one) => one !== undefined)).toEqual([]);
    await cache.set('b', 'nobody is told');
    await cache.close();
  });

  it('has the error of a loader that fails, and recovers', async () => {
    const { cache, value, refetch, shown, unmount } = mount({ script: ['throw'] });
    await settle();
    expect([value.state, shown.at(-1)]).toEqual(['errored', 'error: Call 0 of the origin was to fail.']);
    await refetch();
    expect(value()).toBe('a1');
    unmount();
    await cache.close();
  });
});
