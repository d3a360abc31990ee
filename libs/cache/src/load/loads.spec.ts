import { describe, expect, it } from '@jest/globals';
import { BatchLoadError, LoopedLoadError, loaded, memory, type Cache, type LoadContext } from '../index.js';
import { aCache } from '../testing/a-cache.js';

/** A loader that a test lets answer when it likes; it records its calls. */
class Origin {
  readonly calls: {
    readonly key: string;
    readonly signal: AbortSignal;
    readonly answer: PromiseWithResolvers<string>;
  }[] = [];

  readonly load = (key: string, { signal }: LoadContext<string>): Promise<string> => {
    const answer = Promise.withResolvers<string>();
    this.calls.push({ key, signal, answer });
    return answer.promise;
  };

  answer(value: string, call = this.calls.length - 1): void {
    this.calls[call]!.answer.resolve(value);
  }

  fail(error: Error, call = this.calls.length - 1): void {
    this.calls[call]!.answer.reject(error);
  }
}

/** Lets promises that are due settle. */
const settle = async () => {
  for (let i = 0; i < 30; i++) await Promise.resolve();
};

describe('A load', () => {
  const tag = 'author:7';

  it('runs once for 1,000 who miss at once, and once more when it failed', async () => {
    const { cache } = aCache();
    const origin = new Origin();
    const asked = Array.from({ length: 1_000 }, () => cache.getOrLoad('a', origin.load));
    await settle();
    origin.fail(new Error('origin down'));
    for (const one of await Promise.allSettled(asked)) expect(one).toMatchObject({ status: 'rejected' });
    expect(origin.calls).toHaveLength(1);
    const again = cache.getOrLoad('a', origin.load);
    await settle();
    origin.answer('A');
    expect(await again).toBe('A');
    expect(cache.stats()).toMatchObject({ gets: 1_001, joined: 999, loads: 1, loadErrors: 1 });
    await cache.close();
  });

  it.each([
    ['its key is deleted', (cache: Cache<string, string>) => cache.delete('book:1')],
    ['its tag is invalidated', (cache: Cache<string, string>) => cache.invalidateTag(tag)],
    ['its beginning is invalidated', (cache: Cache<string, string>) => cache.invalidatePrefix('book:')],
    ['a predicate is', (cache: Cache<string, string>) => cache.invalidateWhere(() => true)],
    ['the cache is cleared', (cache: Cache<string, string>) => cache.clear()],
  ])('does not store what it loaded when %s meanwhile, and nobody joins it then', async (_, change) => {
    const { cache } = aCache();
    const origin = new Origin();
    // The answer of what is invalidated has a tag that nobody knew before.
    const answerOf = async (context: LoadContext<string>) => {
      const value = await origin.load('book:1', context);
      return value === 'old' ? loaded({ value, tags: [tag] }) : value;
    };
    const before = cache.getOrLoad('book:1', (__, context) => answerOf(context));
    await settle();
    await change(cache);
    const after = cache.getOrLoad('book:1', (__, context) => answerOf(context));
    await settle();
    expect(origin.calls).toHaveLength(2);
    origin.answer('new', 1);
    expect(await after).toBe('new');
    origin.answer('old', 0);
    expect(await before).toBe('old');
    expect(cache.getNow('book:1')).toBe('new');
    await cache.close();
  });

  it('is not kept out by what has nothing to do with it', async () => {
    const { cache } = aCache();
    const origin = new Origin();
    const load = cache.getOrLoad('book:1', origin.load, { tags: ['mine'] });
    await settle();
    await cache.delete('book:2');
    await cache.invalidateTag('another');
    await cache.invalidatePrefix('page:');
    await cache.namespace('inner').clear();
    origin.answer('A');
    await load;
    expect(cache.getNow('book:1')).toBe('A');
    await cache.close();
  });

  it('does not overwrite what was set while it ran', async () => {
    const { cache } = aCache();
    const origin = new Origin();
    const load = cache.getOrLoad('a', origin.load);
    await settle();
    await cache.set('a', 'newer');
    origin.answer('older');
    expect(await load).toBe('older');
    expect(cache.getNow('a')).toBe('newer');
    expect(cache.stats().outdated).toBe(1);
    await cache.close();
  });

  it('ends when the last who waits has left, and drops what comes then', async () => {
    const { cache } = aCache();
    const origin = new Origin();
    const [first, second] = [new AbortController(), new AbortController()];
    const one = cache.getOrLoad('a', origin.load, { signal: first.signal });
    const other = cache.getOrLoad('a', origin.load, { signal: second.signal });
    await settle();
    first.abort(new Error('first left'));
    await expect(one).rejects.toThrow('first left');
    expect(origin.calls[0]!.signal.aborted).toBe(false);
    second.abort(new Error('second left'));
    await expect(other).rejects.toThrow('second left');
    expect(origin.calls[0]!.signal.reason).toMatchObject({ message: 'second left' });
    origin.answer('late');
    await settle();
    expect(cache.getNow('a')).toBeUndefined();
    expect(cache.stats()).toMatchObject({ abandoned: 1, loads: 0, loadErrors: 0, loadsRunning: 0 });
    const again = cache.getOrLoad('a', origin.load);
    await settle();
    origin.answer('A');
    expect(await again).toBe('A');
    await cache.close();
  });

  it('does not begin for a caller who has left already', async () => {
    const { cache } = aCache();
    const origin = new Origin();
    const left = cache.getOrLoad('a', origin.load, { signal: AbortSignal.abort(new Error('gone')) });
    await expect(left).rejects.toThrow('gone');
    expect(origin.calls).toHaveLength(0);
    await cache.close();
  });

  it('fails when it takes longer than the hard timeout, and makes room for others', async () => {
    const { cache, clock } = aCache({ hardTimeout: '2s', maxConcurrentLoads: 1 });
    const origin = new Origin();
    const hangs = cache.getOrLoad('a', origin.load);
    const failed = expect(hangs).rejects.toThrow('A loader of cache covers took longer than 2000 ms.');
    await clock.advance(2_000);
    await failed;
    expect(origin.calls[0]!.signal.aborted).toBe(true);
    const next = cache.getOrLoad('b', origin.load);
    await settle();
    origin.answer('B');
    expect(await next).toBe('B');
    origin.answer('too late', 0);
    await settle();
    expect(cache.getNow('a')).toBeUndefined();
    expect(cache.stats()).toMatchObject({ loads: 1, loadErrors: 1 });
    await cache.close();
  });

  it('says that a load waited for its turn, and what to raise, when its time ends so', async () => {
    const { cache, clock } = aCache({ hardTimeout: '2s', maxConcurrentLoads: 1 });
    const origin = new Origin();
    const runs = cache.getOrLoad('a', origin.load, { hardTimeout: '10s' });
    const waits = expect(cache.getOrLoad('b', origin.load)).rejects.toThrow(
      'A load of cache covers waited 2000 ms for its turn, and its loader was not called. Raise maxConcurrentLoads or hardTimeout.',
    );
    await clock.advance(2_000);
    await waits;
    expect(origin.calls).toHaveLength(1);
    origin.answer('A');
    expect(await runs).toBe('A');
    await cache.close();
  });

  it('answers what is held when it takes longer than the soft timeout, and goes on', async () => {
    const { cache, clock } = aCache({ ttl: '1s', staleIfError: '1m', softTimeout: '100ms' });
    const origin = new Origin();
    await cache.set('a', 'old');
    await clock.advance(1_500);
    const asked = cache.getOrLoad('a', origin.load);
    await clock.advance(100);
    expect(await asked).toBe('old');
    origin.answer('new');
    await settle();
    expect(cache.getNow('a')).toBe('new');
    expect(cache.stats().tiers[0]!.requests).toMatchObject({ stale: 1, miss: 0 });
    await cache.close();
  });

  it('answers what is held when the loader fails within the time of grace, and throws after it', async () => {
    const { cache, clock } = aCache({ ttl: '1s', staleIfError: '10s' });
    await cache.set('a', 'old');
    await clock.advance(5_000);
    const fails = () => {
      throw new Error('origin down');
    };
    expect(await cache.get('a')).toBeUndefined();
    expect(await cache.getOrLoad('a', fails)).toBe('old');
    await clock.advance(6_000);
    await expect(cache.getOrLoad('a', fails)).rejects.toThrow('origin down');
    expect(cache.stats().tiers[0]!.requests).toMatchObject({ stale: 1, miss: 2 });
    await cache.close();
  });

  it('refreshes what is stale in the background, once', async () => {
    const { cache, clock } = aCache({ ttl: '1s', staleWhileRevalidate: '10s' });
    const origin = new Origin();
    await cache.set('a', 'old');
    await clock.advance(2_000);
    const asked = await Promise.all([1, 2, 3].map(() => cache.getOrLoad('a', origin.load)));
    expect(asked).toEqual(['old', 'old', 'old']);
    await settle();
    expect(origin.calls).toHaveLength(1);
    origin.answer('new');
    await settle();
    expect(cache.getNow('a')).toBe('new');
    expect(cache.stats()).toMatchObject({ refreshed: 1, loads: 1 });
    await cache.close();
  });

  it('tells of a refresh that failed, and keeps what is held', async () => {
    const { cache, clock, problems } = aCache({ ttl: '1s', staleWhileRevalidate: '10s' });
    await cache.set('a', 'old');
    await clock.advance(2_000);
    expect(await cache.getOrLoad('a', () => Promise.reject(new Error('origin down')))).toBe('old');
    await settle();
    expect(problems.map(({ message }) => message)).toEqual(['origin down']);
    expect(await cache.get('a')).toBe('old');
    await cache.close();
  });

  it('refreshes early by chance when that is asked for', async () => {
    const { cache, clock } = aCache({ ttl: '10s', earlyRefresh: 1 });
    const origin = new Origin();
    const first = cache.getOrLoad('a', origin.load);
    await clock.advance(2_000);
    origin.answer('A');
    await first;
    await cache.getOrLoad('a', origin.load);
    expect(origin.calls).toHaveLength(1);
    // −2 s · ln(1 − 0.5) is 1.386 s: from then on it is near enough to the end.
    await clock.advance(8_600);
    await cache.getOrLoad('a', origin.load);
    expect(origin.calls).toHaveLength(1);
    await clock.advance(20);
    expect(await cache.getOrLoad('a', origin.load)).toBe('A');
    await settle();
    expect(origin.calls).toHaveLength(2);
    await cache.close();
  });

  it('waits for its turn when too many run, in the order they came', async () => {
    const { cache } = aCache({ maxConcurrentLoads: 2 });
    const origin = new Origin();
    const asked = ['a', 'b', 'c', 'd'].map((key) => cache.getOrLoad(key, origin.load));
    await settle();
    expect(origin.calls.map(({ key }) => key)).toEqual(['a', 'b']);
    expect(cache.stats()).toMatchObject({ loadsRunning: 2, loadsQueued: 2 });
    origin.answer('B', 1);
    await settle();
    expect(origin.calls.map(({ key }) => key)).toEqual(['a', 'b', 'c']);
    origin.answer('A', 0);
    origin.answer('C', 2);
    await settle();
    origin.answer('D', 3);
    expect(await Promise.all(asked)).toEqual(['A', 'B', 'C', 'D']);
    await cache.close();
  });

  it('remembers that there is no value for as long as it is told to, and else not at all', async () => {
    const { cache, clock } = aCache({ negativeTtl: '1s' });
    let loads = 0;
    const none = () => {
      loads++;
      return undefined;
    };
    expect(await cache.getOrLoad('a', none)).toBeUndefined();
    expect(await cache.getOrLoad('a', none)).toBeUndefined();
    expect(await cache.get('a')).toBeUndefined();
    expect(await cache.has('a')).toBe(false);
    expect(loads).toBe(1);
    await clock.advance(1_000);
    await cache.getOrLoad('a', none, { negativeTtl: 0 });
    await cache.getOrLoad('a', none);
    expect(loads).toBe(3);
    expect(cache.stats().tiers[0]!.requests).toMatchObject({ negative: 2, miss: 3 });
    await cache.close();
  });

  it('removes what is held when the origin has it no longer', async () => {
    const { cache } = aCache();
    await cache.set('a', 'A');
    expect(await cache.getOrLoad('a', () => undefined, { refresh: true })).toBeUndefined();
    expect(cache.getNow('a')).toBeUndefined();
    await cache.close();
  });

  it('may take null for a value, but undefined for none', async () => {
    const { cache } = aCache<string | null>();
    expect(await cache.getOrLoad('a', () => null)).toBeNull();
    expect(cache.getNow('a')).toBeNull();
    expect(await cache.set('a', undefined)).toBe(false);
    expect(await cache.has('a')).toBe(false);
    await cache.close();
  });

  it('ends with an error of its own when the cache is closed', async () => {
    const { cache } = aCache();
    const origin = new Origin();
    const asked = expect(cache.getOrLoad('a', origin.load)).rejects.toThrow('Cache covers is closed.');
    await settle();
    await cache.close();
    await asked;
    expect(origin.calls[0]!.signal.aborted).toBe(true);
  });

  it('is refused to say that nothing changed when nothing was held', async () => {
    const { cache } = aCache();
    await expect(cache.getOrLoad('a', () => loaded({ unchanged: true }))).rejects.toThrow('nothing was held');
    await cache.close();
  });
});

describe('A loader that asks the cache', () => {
  it('is refused its own key, at once and after it waited', async () => {
    const { cache } = aCache();
    await expect(cache.getOrLoad('a', () => cache.getOrLoad('a', () => 'A'))).rejects.toThrow(LoopedLoadError);
    const later = cache.getOrLoad('a', async () => {
      await settle();
      return cache.getOrLoad('a', () => 'A');
    });
    await expect(later).rejects.toThrow(LoopedLoadError);
    await cache.close();
  });

  it('is refused its own key by way of another one, and of another cache', async () => {
    const { cache } = aCache();
    const { cache: other } = aCache({ name: 'other' });
    const loop = cache.getOrLoad('a', async () => {
      await settle();
      return other.getOrLoad('b', async () => {
        await settle();
        return cache.getOrLoad('a', () => 'A');
      });
    });
    await expect(loop).rejects.toThrow(LoopedLoadError);
    await Promise.all([cache.close(), other.close()]);
  });

  it('is refused when two that began apart come to wait for each other', async () => {
    const { cache } = aCache();
    const both = Promise.withResolvers<void>();
    const first = cache.getOrLoad('a', async () => {
      await both.promise;
      return cache.getOrLoad('b', () => 'B');
    });
    const second = cache.getOrLoad('b', async () => {
      await both.promise;
      return cache.getOrLoad('a', () => 'A');
    });
    await settle();
    both.resolve();
    const settled = await Promise.allSettled([first, second]);
    for (const one of settled) expect(one).toMatchObject({ status: 'rejected', reason: expect.any(LoopedLoadError) });
    await cache.close();
  });

  it('gets other keys, though it holds the only permit', async () => {
    const { cache } = aCache({ maxConcurrentLoads: 1 });
    const nested = cache.getOrLoad('a', async () => {
      await settle();
      return `a of ${await cache.getOrLoad('b', async () => `b of ${await cache.getOrLoad('c', () => 'c')}`)}`;
    });
    expect(await nested).toBe('a of b of c');
    await cache.close();
  });

  it('gets a key that waits for the permit it holds', async () => {
    const { cache } = aCache({ maxConcurrentLoads: 1 });
    const queued = Promise.withResolvers<void>();
    const first = cache.getOrLoad('a', async () => {
      await queued.promise;
      return `a of ${await cache.getOrLoad('b', () => 'never asked')}`;
    });
    await settle();
    const second = cache.getOrLoad('b', () => 'b');
    await settle();
    expect(cache.stats().loadsQueued).toBe(1);
    queued.resolve();
    expect(await Promise.all([first, second])).toEqual(['a of b', 'b']);
    await cache.close();
  });

  it('is refused by the context it hands on, where nothing follows asynchronous calls', async () => {
    const { cache } = aCache();
    const jobs: (() => void)[] = [];
    const turn = Promise.withResolvers<void>();
    // Its asynchronous context is this test's, whoever gives it work.
    const worker = turn.promise.then(() => jobs.forEach((job) => job()));
    const loop = cache.getOrLoad(
      'a',
      (_, context) =>
        new Promise<string | undefined>((resolve, reject) => {
          jobs.push(() => cache.getOrLoad('a', () => 'A', { within: context }).then(resolve, reject));
        }),
    );
    await settle();
    turn.resolve();
    await worker;
    await expect(loop).rejects.toThrow(LoopedLoadError);
    await cache.close();
  });

  it('may ask for its key once its load is over', async () => {
    const { cache } = aCache();
    const over = Promise.withResolvers<void>();
    let later: Promise<string | undefined> | undefined;
    await cache.getOrLoad('a', () => {
      later = over.promise.then(() => cache.getOrLoad('a', () => 'second', { refresh: true }));
      return 'first';
    });
    over.resolve();
    expect(await later).toBe('second');
    await cache.close();
  });
});

describe('A batch', () => {
  const books = async (keys: readonly string[]) => keys.map((key) => (key === 'none' ? undefined : key.toUpperCase()));

  it('loads what is missing with one call, in the order asked for', async () => {
    const { cache } = aCache();
    const calls: (readonly string[])[] = [];
    const loader = (keys: readonly string[]) => {
      calls.push(keys);
      return books(keys);
    };
    await cache.set('b', 'held');
    expect(await cache.getMany(['a', 'b', 'none', 'a'], loader)).toEqual(['A', 'held', undefined, 'A']);
    expect(calls).toEqual([['a', 'none']]);
    expect(cache.getNow('a')).toBe('A');
    expect(cache.stats().tiers[0]!.requests).toMatchObject({ hit: 2, miss: 2 });
    await cache.close();
  });

  it('keeps what it got when some keys fail, and says which', async () => {
    const { cache } = aCache();
    const failing = cache.getMany(['a', 'bad', 'c'], async (keys) =>
      keys.map((key) => (key === 'bad' ? new Error('unreadable') : key.toUpperCase())),
    );
    const error = await failing.catch((caught: unknown) => caught as BatchLoadError);
    expect(error).toBeInstanceOf(BatchLoadError);
    expect(error).toMatchObject({ values: ['A', undefined, 'C'], failures: [{ key: 'bad' }] });
    expect(cache.getNow('c')).toBe('C');
    expect(cache.stats()).toMatchObject({ loads: 2, loadErrors: 1 });
    await cache.close();
  });

  it('fails as a whole when the loader throws, or gives another number of answers', async () => {
    const { cache } = aCache();
    await expect(cache.getMany(['a', 'b'], () => Promise.reject(new Error('down')))).rejects.toMatchObject({
      failures: [{ key: 'a' }, { key: 'b' }],
    });
    await expect(cache.getMany(['a', 'b'], async () => ['A'])).rejects.toMatchObject({
      cause: { message: expect.stringContaining('gave 1 answers for 2 keys') },
    });
    expect(cache.stats().loadErrors).toBe(4);
    await cache.close();
  });

  it('shares loads with those who ask for one of its keys', async () => {
    const { cache } = aCache();
    const answer = Promise.withResolvers<string[]>();
    const many = cache.getMany(['a', 'b'], () => answer.promise);
    await settle();
    const one = cache.getOrLoad('b', () => 'not asked');
    answer.resolve(['A', 'B']);
    expect(await Promise.all([many, one])).toEqual([['A', 'B'], 'B']);
    await cache.close();
  });

  it('loads one by one where there is only a loader for one', async () => {
    const { cache } = aCache({ loader: (key) => key.toUpperCase() });
    expect(await cache.getMany(['a', 'b'])).toEqual(['A', 'B']);
    await cache.close();
  });

  it('goes without a loader by what is held', async () => {
    const { cache } = aCache({ tiers: [memory({ maxEntries: 10 })] });
    await cache.set('a', 'A');
    expect(await cache.getMany(['a', 'b'])).toEqual(['A', undefined]);
    await cache.close();
  });
});
