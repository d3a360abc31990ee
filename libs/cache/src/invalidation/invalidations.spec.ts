import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '#libs/time/testing';
import { createCache } from '../cache.js';
import { memory } from '../memory/memory-tier.js';
import { FakeFarTier, invalidationContract, LocalInvalidations } from '../testing/index.js';

const SECRET = 'a secret of the service';

/** Two instances of one cache, each with its own memory. */
async function instances({ bus = new LocalInvalidations(), far = false } = {}) {
  const clock = new FakeClock();
  const problems: Error[] = [];
  const fars = [new FakeFarTier(), new FakeFarTier()];
  let seed = 0;
  const make = (number: number) =>
    createCache<string | readonly string[], string>({
      name: 'covers',
      tiers: far ? [memory({ maxEntries: 100 }), fars[number]!] : [memory({ maxEntries: 100 })],
      invalidations: { bus, secret: SECRET },
      clock,
      random: () => (++seed * 0.618) % 1,
      onProblem: (problem) => void problems.push(problem),
    });
  const [one, other] = [make(0), make(1)];
  const settle = async () => {
    for (let i = 0; i < 20; i++) await clock.advance(0);
  };
  await settle();
  return {
    one,
    other,
    bus,
    clock,
    problems,
    settle,
    close: async () => {
      await one.close();
      await other.close();
    },
  };
}

invalidationContract('One within a process', async () => {
  const bus = new LocalInvalidations();
  return { bus: () => bus };
});

describe('An invalidation bus', () => {
  it('has other instances drop what is removed and overwritten, and nothing else', async () => {
    const { one, other, settle, close } = await instances();
    for (const key of ['a', 'b', 'c', 'd']) await other.set(key, 'old', { tags: [`tag ${key}`] });
    await settle();
    await one.delete('a');
    await one.set('b', 'new');
    await one.invalidateTag('tag c');
    await settle();
    expect(['a', 'b', 'c', 'd'].map((key) => other.getNow(key))).toEqual([undefined, undefined, undefined, 'old']);
    expect(one.getNow('b')).toBe('new');
    await close();
  });

  it('clears the namespace for a prefix and a clearing of it, and everything for a predicate', async () => {
    const { one, other, settle, close } = await instances();
    const fill = async () => {
      await other.set('plain', 'x');
      await other.namespace('books').set('moby', 'x');
      await other.namespace('books').namespace('old').set('walden', 'x');
      await other.namespace('films').set('moby', 'x');
      await settle();
    };
    const held = () => [
      other.getNow('plain'),
      other.namespace('books').getNow('moby'),
      other.namespace('books').namespace('old').getNow('walden'),
      other.namespace('films').getNow('moby'),
    ];
    await fill();
    await one.namespace('books').invalidatePrefix('mo');
    await settle();
    expect(held()).toEqual(['x', undefined, undefined, 'x']);
    await fill();
    await one.namespace('books').namespace('old').clear();
    await settle();
    expect(held()).toEqual(['x', 'x', undefined, 'x']);
    await fill();
    await one.invalidateWhere((key) => key === 'plain');
    await settle();
    expect(held()).toEqual([undefined, undefined, undefined, undefined]);
    await close();
  });

  it('sends no key, tag or namespace as it is', async () => {
    const { one, bus, settle, close } = await instances();
    await one.set('secret title', 'x', { tags: ['secret tag'] });
    await one.namespace('secret name').delete('secret title');
    await one.invalidateTag('secret tag');
    await one.invalidatePrefix('secret');
    await settle();
    const told = JSON.stringify(bus.published);
    expect(bus.published.flatMap(({ selections }) => selections)).toHaveLength(4);
    expect(told).not.toMatch(/secret|title|tag /);
    expect(told).toMatch(/"key":"[0-9a-f]{16}"/);
    await close();
  });

  it('does not keep what was being loaded when it was heard', async () => {
    const { one, other, settle, close } = await instances();
    const { promise, resolve } = Promise.withResolvers<string>();
    const loading = other.getOrLoad('a', () => promise);
    await one.delete('a');
    await settle();
    resolve('old');
    expect(await loading).toBe('old');
    expect(other.getNow('a')).toBeUndefined();
    await close();
  });

  it('empties memory when something was missed', async () => {
    const { other, bus, settle, close } = await instances();
    await other.set('a', 'old');
    bus.lose();
    await settle();
    expect(other.getNow('a')).toBeUndefined();
    await close();
  });

  it('tells later what it could not tell, and says so once', async () => {
    const { one, other, bus, clock, problems, settle, close } = await instances();
    await other.set('a', 'old');
    await settle();
    bus.away = true;
    await one.delete('a');
    await clock.advance(1_000);
    await settle();
    expect(problems).toHaveLength(1);
    expect(other.getNow('a')).toBe('old');
    bus.away = false;
    await clock.advance(10_000);
    await settle();
    expect(other.getNow('a')).toBeUndefined();
    await close();
  });

  it('listens when the way to others comes late, with an empty memory', async () => {
    const bus = new LocalInvalidations();
    bus.away = true;
    const { one, other, clock, settle, close } = await instances({ bus });
    await other.set('a', 'old');
    bus.away = false;
    await clock.advance(10_000);
    await settle();
    expect(other.getNow('a')).toBeUndefined();
    await other.set('a', 'new');
    await settle();
    await one.delete('a');
    await settle();
    expect(other.getNow('a')).toBeUndefined();
    await close();
  });

  it('is refused without a bus or a secret that is long enough', () => {
    const invalidations = { bus: {} as LocalInvalidations, secret: 'short' };
    expect(() => createCache({ name: 'x', tiers: [memory({ maxEntries: 1 })], invalidations })).toThrow(
      /invalidations\.bus.*\n.*invalidations\.secret/,
    );
  });
});
