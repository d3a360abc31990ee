import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FakeClock } from '#libs/time/testing';
import { createCache, type Cache } from '../cache.js';
import { memory } from '../memory/memory-tier.js';
import type { Entry } from '../tier/tier.js';
import { FakeFarTier, FakeStore, LocalInvalidations } from '../testing/index.js';
import type { StandardSchema } from '../validate/standard-schema.js';

const KEYS = ['a', 'b'] as const;

type Step = {
  readonly by: 'here' | 'there';
  readonly do: 'get' | 'load' | 'many' | 'refresh' | 'set' | 'delete' | 'tag' | 'prefix' | 'clear' | 'where' | 'leave';
  readonly key: (typeof KEYS)[number];
};

const aStep: fc.Arbitrary<Step> = fc.record({
  by: fc.constantFrom('here', 'here', 'there'),
  do: fc.constantFrom(
    'get',
    'load',
    'load',
    'many',
    'refresh',
    'set',
    'delete',
    'tag',
    'prefix',
    'clear',
    'where',
    'leave',
  ),
  key: fc.constantFrom(...KEYS),
});

/** A far tier whose answers come when the schedule says so. */
class ScheduledTier extends FakeFarTier {
  constructor(
    store: FakeStore,
    private readonly schedule: fc.Scheduler,
  ) {
    super(store);
  }

  override async get(key: string): Promise<Entry | undefined> {
    const entry = await super.get(key);
    return this.schedule.schedule(Promise.resolve(entry), `read ${key}`);
  }

  override async getMany(keys: readonly string[]): Promise<(Entry | undefined)[]> {
    const entries = await super.getMany(keys);
    return this.schedule.schedule(Promise.resolve(entries), `read ${keys.join()}`);
  }
}

/** The origin's state of each key, and below which state nothing may be held any more. */
class Truth {
  #now = 1;
  readonly #oldest = new Map<string, number>();

  /** A value of this moment. */
  value(): number {
    return this.#now;
  }

  /** The key was removed or overwritten, here or there: what was read of its origin before is outdated. */
  passes(keys: readonly string[]): number {
    this.#now++;
    for (const key of keys) this.#oldest.set(key, this.#now);
    return this.#now;
  }

  oldest(key: string): number {
    return this.#oldest.get(key) ?? 0;
  }
}

async function act(
  cache: Cache<string, number>,
  step: Step,
  truth: Truth,
  late: () => Promise<void>,
): Promise<unknown> {
  const { key } = step;
  // The origin is read when the loader is called, and answers when the schedule says so.
  const loader = async () => {
    const value = truth.value();
    await late();
    return value;
  };
  const tags = { tags: ['t'] };
  switch (step.do) {
    case 'get':
      return cache.get(key);
    case 'load':
      return cache.getOrLoad(key, loader, tags);
    case 'refresh':
      return cache.getOrLoad(key, loader, { ...tags, refresh: true });
    case 'many':
      return cache.getMany(KEYS, async (keys) => Promise.all(keys.map(loader)), tags);
    case 'leave': {
      const leaving = new AbortController();
      const asked = cache.getOrLoad(key, loader, { ...tags, signal: leaving.signal });
      void late().then(() => leaving.abort(new Error('left')));
      return asked.catch(() => undefined);
    }
    case 'set':
      return cache.set(key, truth.passes([key]), tags);
    case 'delete':
      truth.passes([key]);
      return cache.delete(key);
    case 'tag':
      truth.passes(KEYS);
      return cache.invalidateTag('t');
    case 'prefix':
      truth.passes([key]);
      return cache.invalidatePrefix(key);
    case 'clear':
      truth.passes(KEYS);
      return cache.clear();
    case 'where':
      truth.passes(KEYS);
      return cache.invalidateWhere(() => true);
  }
}

/**
 * Whatever is read, loaded, checked by a schema that takes its time, given up, removed and overwritten at once, in this instance
 * and in another one, and in whatever order the answers come: when all is quiet no value is held that is older than the last
 * removal or write of its key.
 */
async function holdsNothingStale(
  schedule: fc.Scheduler,
  steps: readonly Step[],
  how: { shared: boolean; schema: boolean },
) {
  const clock = new FakeClock();
  const truth = new Truth();
  const store = new FakeStore();
  const bus = new LocalInvalidations();
  const late = (what: string) => schedule.schedule(Promise.resolve(), what).then(() => undefined);
  const schema: StandardSchema<number> = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: async (value) => {
        await late('schema');
        return { value: value as number };
      },
    },
  };
  let seed = 0;
  const make = () =>
    createCache<string, number>({
      name: 'covers',
      tiers: how.shared
        ? [memory({ maxEntries: 10 }), new ScheduledTier(store, schedule)]
        : [memory({ maxEntries: 10 })],
      ...(!how.shared && { invalidations: { bus, secret: 'a secret of the service' } }),
      ...(how.schema && { schema }),
      clock,
      random: () => (++seed * 0.618) % 1,
    });
  const caches = { here: make(), there: make() };
  const quiet = async () => {
    for (let i = 0; i < 30; i++) {
      await clock.advance(0);
      await schedule.waitIdle();
    }
  };
  await quiet();
  const done = steps.map((step) =>
    schedule
      .schedule(Promise.resolve(), `${step.by} ${step.do} ${step.key}`)
      .then(() => act(caches[step.by], step, truth, () => late('origin'))),
  );
  const ended = Promise.all(done);
  await quiet();
  await ended;
  for (const cache of Object.values(caches))
    for (const key of KEYS) {
      const held = cache.getNow(key);
      if (held !== undefined) expect(held).toBeGreaterThanOrEqual(truth.oldest(key));
    }
  await caches.here.close();
  await caches.there.close();
}

for (const how of [
  { shared: true, schema: false },
  { shared: true, schema: true },
  { shared: false, schema: true },
])
  it(`holds nothing that was removed or overwritten while it was on its way, ${how.shared ? 'over a shared tier' : 'over a bus'}${how.schema ? ', with a schema that takes its time' : ''}`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(aStep, { minLength: 2, maxLength: 7 }), (schedule, steps) =>
        holdsNothingStale(schedule, steps, how),
      ),
      { numRuns: 60 },
    );
  });
