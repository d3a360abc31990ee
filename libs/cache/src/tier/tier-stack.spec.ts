import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '#libs/time/testing';
import { memory, type StandardSchema } from '../index.js';
import { CLOCK_TOLERANCE_MS } from '../load/lifetime.js';
import { aCache } from '../testing/a-cache.js';
import { FakeFarTier, FakeStore } from '../testing/index.js';

const settle = async () => {
  for (let i = 0; i < 40; i++) await Promise.resolve();
};

function twoTiers(options: Parameters<typeof aCache>[0] = {}, store = new FakeStore()) {
  const far = new FakeFarTier(store);
  return { far, ...aCache({ tiers: [memory({ maxEntries: 100 }), far], ...options }) };
}

describe('A cache of two tiers', () => {
  it('writes to both, and fills memory from the farther one', async () => {
    const { cache, far } = twoTiers();
    await cache.set('a', 'A', { tags: ['t'], version: 'v' });
    expect(far.store.entries.get('a')).toMatchObject({ value: 'A', tags: ['t'], version: 'v' });
    const { cache: next } = twoTiers({}, far.store);
    expect(next.getNow('a')).toBeUndefined();
    expect(await next.get('a')).toBe('A');
    expect(next.getNow('a')).toBe('A');
    expect(next.stats().tiers.map(({ requests }) => requests)).toMatchObject([
      { hit: 1, miss: 1 },
      { hit: 1, miss: 0 },
    ]);
    expect(await next.invalidateTag('t')).toMatchObject({ entries: 2 });
    await Promise.all([cache.close(), next.close()]);
  });

  it('reads the farther tier once for many who ask at once', async () => {
    const { cache, far } = twoTiers();
    await Promise.all(Array.from({ length: 100 }, () => cache.get('a')));
    expect(far.reads).toBe(1);
    expect(cache.stats().tiers.map(({ requests }) => requests.miss)).toEqual([100, 1]);
    await cache.close();
  });

  it('does not fill memory with what was removed or overwritten while it was read', async () => {
    for (const change of ['delete', 'set', 'clear'] as const) {
      const { cache, far } = twoTiers();
      await cache.set('a', 'old');
      const { cache: next, far: slow } = twoTiers({}, far.store);
      const gate = Promise.withResolvers<void>();
      slow.held = gate.promise;
      const read = next.get('a');
      await settle();
      slow.held = Promise.resolve();
      if (change === 'set') await next.set('a', 'new');
      else if (change === 'delete') await next.delete('a');
      else await next.clear();
      gate.resolve();
      expect(await read).toBe('old');
      expect(next.getNow('a')).toBe(change === 'set' ? 'new' : undefined);
      expect(await next.get('a')).toBe(change === 'set' ? 'new' : undefined);
      await Promise.all([cache.close(), next.close()]);
    }
  });

  it('answers by memory while the farther tier is away, and counts errors', async () => {
    const { cache, far } = twoTiers();
    far.away = true;
    expect(await cache.set('a', 'A')).toBe(true);
    expect(await cache.get('a')).toBe('A');
    expect(await cache.get('b')).toBeUndefined();
    expect(await cache.getOrLoad('c', () => 'C')).toBe('C');
    expect(cache.stats().tiers[1]!.requests).toMatchObject({ error: 2, miss: 0 });
    await cache.close();
  });

  it('never answers from a tier that was away what was removed meanwhile', async () => {
    const { cache, far } = twoTiers();
    for (const key of ['a', 'b', 'c']) await cache.set(key, 'old', { tags: [`tag ${key}`] });
    far.away = true;
    await cache.delete('a');
    await cache.invalidateTag('tag b');
    await cache.set('c', 'new');
    expect(await cache.get('a')).toBeUndefined();
    far.away = false;
    expect(await cache.get('a')).toBeUndefined();
    expect(await cache.get('b')).toBeUndefined();
    expect([...far.store.entries.keys()]).toEqual([]);
    expect(await cache.get('c')).toBe('new');
    await cache.close();
  });

  it('drops from memory what another process overwrote, and does not keep what it was loading then', async () => {
    const { cache, far } = twoTiers();
    const { cache: other } = twoTiers({}, far.store);
    await cache.ready();
    await cache.set('a', 'mine');
    const answer = Promise.withResolvers<string>();
    const loading = cache.getOrLoad('b', () => answer.promise);
    await settle();
    await other.set('a', 'theirs');
    await other.set('b', 'theirs');
    answer.resolve('older');
    expect(await loading).toBe('older');
    expect(await cache.get('a')).toBe('theirs');
    expect(await cache.get('b')).toBe('theirs');
    await Promise.all([cache.close(), other.close()]);
  });

  it('lets one process load a key at a time, and others take what it wrote', async () => {
    const store = new FakeStore();
    const far = new FakeFarTier(store);
    const first = aCache({ tiers: [memory({ maxEntries: 10 }), far], lockAcrossProcesses: true });
    const second = aCache({
      tiers: [memory({ maxEntries: 10 }), new FakeFarTier(store)],
      lockAcrossProcesses: true,
      clock: first.clock,
    });
    let loads = 0;
    const answer = Promise.withResolvers<string>();
    const load = () => {
      loads++;
      return answer.promise;
    };
    const both = [first.cache.getOrLoad('a', load), second.cache.getOrLoad('a', load)];
    await first.clock.advance(500);
    expect(loads).toBe(1);
    answer.resolve('A');
    await first.clock.advance(500);
    expect(await Promise.all(both)).toEqual(['A', 'A']);
    expect(loads).toBe(1);
    expect(store.locks.size).toBe(0);
    await Promise.all([first.cache.close(), second.cache.close()]);
  });

  it('loads a key itself soon after the process that held its lock died, and not while that one lives', async () => {
    const store = new FakeStore();
    const open = (clock: FakeClock) =>
      aCache({
        tiers: [memory({ maxEntries: 10 }), new FakeFarTier(store)],
        lockAcrossProcesses: true,
        hardTimeout: '1h',
        clock,
      }).cache;
    const [holdersClock, clock] = [new FakeClock(), new FakeClock()];
    const [holder, cache] = [open(holdersClock), open(clock)];
    const never = holder.getOrLoad('a', () => new Promise<string>(() => undefined)).catch((error: unknown) => error);
    await settle();
    const asked = cache.getOrLoad('a', () => 'A');
    let settled = false;
    void asked.then(() => (settled = true));
    for (let s = 0; s < 60; s++) {
      await holdersClock.advance(1_000);
      await clock.advance(1_000);
    }
    expect(settled).toBe(false);
    // The time of a process that is dead stands still.
    await clock.advance(6_000);
    expect(await asked).toBe('A');
    await Promise.all([holder.close(), cache.close()]);
    expect(await never).toMatchObject({ code: 'CACHE_CLOSED' });
    expect(store.locks.size).toBe(0);
  });

  it('leaves a load half of its time or more when the process that held the lock died', async () => {
    const store = new FakeStore();
    const open = (clock: FakeClock) =>
      aCache({
        tiers: [memory({ maxEntries: 10 }), new FakeFarTier(store)],
        lockAcrossProcesses: true,
        hardTimeout: '1s',
        clock,
      }).cache;
    const clock = new FakeClock();
    const [dead, cache] = [open(new FakeClock()), open(clock)];
    void dead.getOrLoad('a', () => new Promise<string>(() => undefined)).catch(() => undefined);
    await settle();
    const asked = cache.getOrLoad('a', async () => {
      await clock.sleep(500);
      return 'A';
    });
    for (let ms = 0; ms < 1_000; ms += 10) await clock.advance(10);
    expect(await asked).toBe('A');
    await Promise.all([dead.close(), cache.close()]);
  });

  it('says that a load waited for another process when its time ends so', async () => {
    const store = new FakeStore();
    const first = aCache({ tiers: [memory({ maxEntries: 10 }), new FakeFarTier(store)], lockAcrossProcesses: true });
    const second = aCache({
      tiers: [memory({ maxEntries: 10 }), new FakeFarTier(store)],
      lockAcrossProcesses: true,
      hardTimeout: '2s',
      clock: first.clock,
    });
    const answer = Promise.withResolvers<string>();
    const held = first.cache.getOrLoad('a', () => answer.promise);
    await settle();
    const asked = expect(second.cache.getOrLoad('a', () => 'A')).rejects.toThrow(
      'A load of cache covers waited 2000 ms for another process that loads the same entry, and its loader was not called. Raise hardTimeout, or have the loader give up earlier.',
    );
    await first.clock.advance(2_000);
    await asked;
    answer.resolve('A');
    expect(await held).toBe('A');
    await Promise.all([first.cache.close(), second.cache.close()]);
  });

  it('takes a value that the schema refuses for a miss, counts it, and removes it', async () => {
    const { cache, far, problems } = twoTiers({ schema: text });
    await cache.set('a', 'A');
    far.store.entries.set('b', { ...far.store.entries.get('a')!, value: 7 });
    expect(await cache.get('b')).toBeUndefined();
    expect(far.store.entries.has('b')).toBe(false);
    expect(problems[0]).toMatchObject({ code: 'CACHE_INVALID_VALUE' });
    expect(cache.stats()).toMatchObject({ invalid: 1 });
    await expect(cache.set('c', 7 as unknown as string)).rejects.toThrow('is no text');
    await expect(cache.getOrLoad('c', () => 7 as unknown as string)).rejects.toThrow('is no text');
    expect(await cache.has('c')).toBe(false);
    await cache.close();
  });

  it('takes the later of two writes, whichever is longer checked', async () => {
    const checks: PromiseWithResolvers<void>[] = [];
    const slow: StandardSchema<string> = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: async (value) => {
          const check = Promise.withResolvers<void>();
          checks.push(check);
          await check.promise;
          return { value: value as string };
        },
      },
    };
    const { cache } = aCache({ schema: slow });
    const writes = [cache.set('a', 'first'), cache.set('a', 'second')];
    checks[1]!.resolve();
    await settle();
    checks[0]!.resolve();
    expect(await Promise.all(writes)).toEqual([false, true]);
    expect(cache.getNow('a')).toBe('second');
    await cache.close();
  });

  it('takes what was written little ahead of the clock for new, as by a machine whose clock is ahead', async () => {
    const { cache, far, clock } = twoTiers({ ttl: '10s' });
    await cache.set('a', 'A');
    clock.jump(-CLOCK_TOLERANCE_MS);
    const { cache: behind } = twoTiers({ ttl: '10s', clock }, far.store);
    expect(await behind.get('a')).toBe('A');
    await clock.advance(10_000);
    expect(behind.getNow('a')).toBeUndefined();
    clock.jump(-10_000 - 1);
    const { cache: farther } = twoTiers({ ttl: '10s', clock }, far.store);
    expect(await farther.get('a')).toBeUndefined();
    await Promise.all([cache.close(), behind.close(), farther.close()]);
  });

  it('never answers past its time what was written before the clock was set back', async () => {
    for (const options of [
      { ttl: '1m', maxAge: '2m' },
      { ttl: '1m', staleIfError: Number.POSITIVE_INFINITY },
      { maxAge: '2m' },
    ] as const) {
      const { cache, far, clock } = twoTiers(options);
      await cache.set('a', 'A');
      clock.jump(-86_400_000);
      // Memory goes by a clock that nobody sets.
      expect(await cache.get('a')).toBe('A');
      await clock.advance(3_600_000);
      expect(await cache.get('a')).toBeUndefined();
      const { cache: next } = twoTiers({ ...options, clock }, far.store);
      expect(await next.get('a')).toBeUndefined();
      expect(await next.has('a')).toBe(false);
      expect(await next.inspect('a')).toMatchObject([
        {
          tier: 'far',
          state: 'over',
          ageMs: 0,
          freshForMs: 0,
          keptForMs: 0,
          because: expect.stringContaining('clock'),
        },
      ]);
      await expect(next.getOrLoad('a', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
      // What is loaded now is of now, in the farther tier, too.
      expect(await next.getOrLoad('a', () => 'new')).toBe('new');
      const { cache: last } = twoTiers({ ...options, clock }, far.store);
      expect(await last.get('a')).toBe('new');
      await Promise.all([cache.close(), next.close(), last.close()]);
    }
  });

  it('answers what is to live for ever, whenever it was written', async () => {
    const { cache, far, clock } = twoTiers();
    await cache.set('a', 'A');
    clock.jump(-86_400_000);
    const { cache: next } = twoTiers({ clock }, far.store);
    expect(await next.get('a')).toBe('A');
    await Promise.all([cache.close(), next.close()]);
  });

  it('goes on without a tier that cannot be opened, and says so', async () => {
    const { cache, problems } = twoTiers({
      tiers: [
        memory({ maxEntries: 10 }),
        new (class extends FakeFarTier {
          override async open(): Promise<void> {
            throw new Error('The directory is another one’s.');
          }
        })(),
      ],
    });
    await expect(cache.ready()).rejects.toThrow('another one’s');
    expect(await cache.set('a', 'A')).toBe(true);
    expect(await cache.get('b')).toBeUndefined();
    expect(problems).toHaveLength(1);
    await cache.close();
  });

  it('may have no memory at all: each get counts where it is asked', async () => {
    const { cache } = aCache({ tiers: [new FakeFarTier()] });
    expect(cache.getNow('a')).toBeUndefined();
    await cache.get('a');
    await Promise.all([cache.getOrLoad('a', async () => 'A'), cache.getOrLoad('a', async () => 'A')]);
    expect(await cache.get('a')).toBe('A');
    expect(cache.stats()).toMatchObject({ gets: 4, tiers: [{ requests: { miss: 3, hit: 1 } }] });
    await cache.close();
  });
});

const text: StandardSchema<string> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) => (typeof value === 'string' ? { value } : { issues: [{ message: 'is no text' }] }),
  },
};
