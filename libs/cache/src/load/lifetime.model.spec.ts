import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FakeClock } from '#libs/time/testing';
import { createCache, memory } from '../index.js';

/** What an entry is in plain words: times in ms of the clock. */
interface Plain {
  readonly value: number | undefined;
  readonly writtenAt: number;
  freshUntil: number;
  readonly slidingMs: number;
  readonly maxAgeMs: number;
  readonly revalidateMs: number;
  readonly staleMs: number;
}

interface Settings {
  readonly ttl: number;
  readonly jitter: number;
  readonly maxAge: number;
  readonly revalidate: number;
  readonly ifError: number;
  readonly negative: number;
  readonly sliding: boolean;
}

type Step =
  | { readonly do: 'advance'; readonly ms: number }
  | { readonly do: 'jump'; readonly ms: number }
  | { readonly do: 'set'; readonly key: string; readonly ttl: number | undefined; readonly maxAge: number | undefined }
  | { readonly do: 'none'; readonly key: string }
  | { readonly do: 'get' | 'getNow' | 'has' | 'load' | 'fail' | 'delete'; readonly key: string };

// Few and short times, so that ends meet often.
const finite = fc.constantFrom(0, 1, 10, 20, 21, 40, 60);
const span = fc.oneof({ weight: 5, arbitrary: finite }, fc.constant(Number.POSITIVE_INFINITY));
const key = fc.constantFrom('a', 'a', 'a', 'b');

const settings = fc.record({
  ttl: span,
  jitter: fc.constantFrom(0, 0.5, 1),
  maxAge: span,
  revalidate: finite,
  ifError: finite,
  negative: finite,
  sliding: fc.boolean(),
});

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('advance' as const),
      ms: fc.oneof(fc.integer({ min: 0, max: 50 }), finite),
    }),
  },
  fc.record({ do: fc.constant('jump' as const), ms: fc.integer({ min: -100_000, max: 100_000 }) }),
  fc.record({
    do: fc.constant('set' as const),
    key,
    ttl: fc.option(span, { nil: undefined }),
    maxAge: fc.option(span, { nil: undefined }),
  }),
  fc.record({ do: fc.constant('none' as const), key }),
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constantFrom('get' as const, 'getNow', 'has', 'load', 'fail', 'delete'), key }),
  },
);

/** The lifetimes of entries, as the options describe them, without any cleverness. */
class Reference {
  readonly entries = new Map<string, Plain>();
  readonly counts = { hit: 0, stale: 0, miss: 0, negative: 0, error: 0 };
  gets = 0;

  constructor(private readonly settings: Settings) {}

  write(
    at: number,
    name: string,
    value: number | undefined,
    said: { ttl?: number | undefined; maxAge?: number | undefined } = {},
  ) {
    const { settings } = this;
    const maxAgeMs = Math.min(settings.maxAge, said.maxAge ?? Number.POSITIVE_INFINITY);
    const longest = value === undefined ? settings.negative : (said.ttl ?? settings.ttl);
    // Chance is always one half.
    const ttl = settings.jitter === 0 ? longest : longest * (1 - settings.jitter / 2);
    const fresh = Math.min(ttl, maxAgeMs);
    const stale =
      value === undefined || fresh === Number.POSITIVE_INFINITY ? 0 : Math.max(settings.revalidate, settings.ifError);
    const kept = stale === 0 ? 0 : Math.min(stale, maxAgeMs - fresh);
    if (fresh + kept <= 0) {
      this.entries.delete(name);
      return;
    }
    this.entries.set(name, {
      value,
      writtenAt: at,
      freshUntil: at + fresh,
      slidingMs: settings.sliding && value !== undefined && ttl !== Number.POSITIVE_INFINITY ? ttl : 0,
      maxAgeMs,
      revalidateMs: settings.revalidate,
      staleMs: kept,
    });
  }

  state(at: number, name: string): 'fresh' | 'stale' | 'grace' | 'over' {
    const entry = this.entries.get(name);
    if (entry === undefined || at - entry.writtenAt >= entry.maxAgeMs) return 'over';
    if (at < entry.freshUntil) return 'fresh';
    const past = at - entry.freshUntil;
    if (past >= entry.staleMs) return 'over';
    return past < entry.revalidateMs ? 'stale' : 'grace';
  }

  /** What a get answers when it does not load; `undefined` may be an absence that is remembered. */
  get(at: number, name: string): { readonly answered: boolean; readonly value: number | undefined } {
    this.gets++;
    const state = this.state(at, name);
    const entry = this.entries.get(name);
    if (entry === undefined || state === 'over' || state === 'grace') return { answered: false, value: undefined };
    if (state === 'stale') this.counts.stale++;
    else if (entry.value === undefined) this.counts.negative++;
    else this.hit(at, entry);
    return { answered: true, value: entry.value };
  }

  hit(at: number, entry: Plain) {
    this.counts.hit++;
    if (entry.slidingMs > 0)
      entry.freshUntil = Math.max(entry.freshUntil, Math.min(at + entry.slidingMs, entry.writtenAt + entry.maxAgeMs));
  }
}

/** The sliding end is counted from the hit itself, not from the tick before it. */
const SLIDES_BETWEEN_TICKS: [Settings, Step[]] = [
  { ttl: 60, jitter: 0, maxAge: Number.POSITIVE_INFINITY, revalidate: 0, ifError: 20, negative: 0, sliding: true },
  [
    { do: 'load', key: 'a' },
    { do: 'advance', ms: 4 },
    { do: 'get', key: 'a' },
    { do: 'advance', ms: 21 },
    { do: 'get', key: 'a' },
    { do: 'advance', ms: 59 },
    { do: 'get', key: 'a' },
  ],
];

async function settle() {
  for (let i = 0; i < 30; i++) await Promise.resolve();
}

it('answers fresh, stale, expired and absent entries as a plain reference does, and counts each get once', async () => {
  await fc.assert(
    fc.asyncProperty(settings, fc.array(step, { minLength: 20, maxLength: 60, size: 'max' }), async (set, steps) => {
      const clock = new FakeClock();
      const cache = createCache<string, number>({
        name: 'model',
        tiers: [memory({ maxEntries: 10 })],
        clock,
        random: () => 0.5,
        ttl: set.ttl,
        ttlJitter: set.jitter,
        maxAge: set.maxAge,
        staleWhileRevalidate: set.revalidate,
        staleIfError: set.ifError,
        negativeTtl: set.negative,
        sliding: set.sliding,
      });
      const reference = new Reference(set);
      let next = 1;
      for (const one of steps) {
        const at = clock.monotonic();
        if (one.do === 'advance') await clock.advance(one.ms);
        else if (one.do === 'jump') clock.jump(one.ms);
        else if (one.do === 'set') {
          const value = next++;
          reference.write(at, one.key, value, one);
          await cache.set(one.key, value, {
            ...(one.ttl !== undefined && { ttl: one.ttl }),
            ...(one.maxAge !== undefined && { maxAge: one.maxAge }),
          });
        } else if (one.do === 'none') {
          reference.write(at, one.key, undefined);
          await cache.set(one.key, undefined);
        } else if (one.do === 'delete') {
          reference.entries.delete(one.key);
          await cache.delete(one.key);
        } else if (one.do === 'has') {
          const state = reference.state(at, one.key);
          const known = (state === 'fresh' || state === 'stale') && reference.entries.get(one.key)!.value !== undefined;
          expect(await cache.has(one.key)).toBe(known);
        } else if (one.do === 'getNow') {
          const entry = reference.entries.get(one.key);
          const isHit = reference.state(at, one.key) === 'fresh' && entry?.value !== undefined;
          if (isHit) {
            reference.gets++;
            reference.hit(at, entry!);
          }
          expect(cache.getNow(one.key)).toBe(isHit ? entry!.value : undefined);
        } else if (one.do === 'get') {
          const { answered, value } = reference.get(at, one.key);
          if (!answered) reference.counts.miss++;
          expect(await cache.get(one.key)).toBe(value);
        } else {
          const state = reference.state(at, one.key);
          const held = reference.entries.get(one.key)?.value;
          const { answered, value } = reference.get(at, one.key);
          const loadedValue = next++;
          const asked = cache.getOrLoad(one.key, () => {
            if (one.do === 'fail') throw new Error('origin down');
            return loadedValue;
          });
          if (answered) {
            expect(await asked).toBe(value);
            await settle();
            if (state === 'stale' && one.do === 'load') reference.write(at, one.key, loadedValue);
          } else if (one.do === 'load') {
            reference.counts.miss++;
            expect(await asked).toBe(loadedValue);
            reference.write(at, one.key, loadedValue);
          } else if (state === 'grace') {
            reference.counts.stale++;
            expect(await asked).toBe(held);
          } else {
            reference.counts.miss++;
            await expect(asked).rejects.toThrow('origin down');
          }
        }
      }
      const stats = cache.stats();
      expect(stats.tiers[0]!.requests).toEqual(reference.counts);
      expect(stats.gets).toBe(reference.gets);
      for await (const problem of cache.verify()) expect(problem.problem).toBe('expired');
      await cache.close();
      expect(clock.timers).toBe(0);
    }),
    { numRuns: 150, examples: [SLIDES_BETWEEN_TICKS] },
  );
});
