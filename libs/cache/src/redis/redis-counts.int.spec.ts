import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { createClient } from '@redis/client';
import { SystemClock } from '#libs/time';
import { describeWithRedis, type RedisServer } from '#test/support';
import { createCache } from '../index.js';
import { RecordingTierRecorder } from '../testing/index.js';
import type { Entry } from '../tier/tier.js';
import { redis, type RedisOptions, type RedisTier } from './redis-tier.js';

const clock = new SystemClock();
const LOAD_MS = 5;

function anEntry(value: unknown, freshMs = 60_000): Entry {
  return { value, negative: false, storedAt: clock.now(), freshMs, staleMs: 0 };
}

async function byHand(server: RedisServer, ...commands: string[][]): Promise<void> {
  const client = createClient({ url: server.url });
  await client.connect();
  for (const command of commands) await client.sendCommand(command);
  client.destroy();
}

/** For what the tier does by itself. */
async function until(condition: () => boolean): Promise<void> {
  for (let waited = 0; waited < 4_000 && !condition(); waited += 5) await clock.sleep(5);
  expect(condition()).toBe(true);
}

describeWithRedis('The Redis tier counts', 4, (server) => {
  const opened: { close(): Promise<void> }[] = [];
  beforeEach(() => byHand(server(), ['FLUSHALL']));
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close();
  });

  async function aTier(options: Partial<RedisOptions> = {}): Promise<{
    readonly tier: RedisTier;
    readonly recorder: RecordingTierRecorder;
  }> {
    const tier = redis({ url: server().url, ...options });
    const recorder = new RecordingTierRecorder();
    const onProblem = (problem: Error) => {
      throw problem;
    };
    await tier.open({ cache: 'books', clock, random: Math.random, recorder: recorder.port, onProblem });
    opened.push(tier);
    return { tier, recorder };
  }

  it('what it wrote, what its hits saved, how old they were and how long gets took, and not what it cannot see', async () => {
    const cache = createCache<string, string>({
      name: 'books',
      tiers: [redis({ url: server().url, maxEntries: 3 })],
      ttl: '1h',
    });
    opened.push(cache);
    await cache.ready();
    const stats = () => cache.stats().tiers[0]!;
    for (const [i, key] of ['a', 'b', 'c', 'd', 'e'].entries()) {
      await cache.getOrLoad(key, async () => {
        await clock.sleep(LOAD_MS);
        return key;
      });
      await until(() => stats().writes === i + 1);
    }
    for (const key of ['c', 'd', 'e']) expect(await cache.get(key)).toBe(key);
    await cache.revalidate('e', async () => 'another');
    await until(() => stats().writes === 6);
    expect(await cache.get('a')).toBeUndefined();
    const { distributions, ...rest } = stats();
    expect(rest).toMatchObject({
      requests: { hit: 3, miss: 6 },
      removals: { evicted: 2, replaced: 1 },
      refreshes: { changed: 1 },
      ghostHits: 0,
      hitRatioAtTwice: Number.NaN,
    });
    // A timer may be a fraction early.
    expect(rest.costSavedNs).toBeGreaterThan(3 * (LOAD_MS - 1) * 1e6);
    const counts = Object.entries(distributions).map(([name, { count }]) => [name, count]);
    expect(Object.fromEntries(counts)).toEqual({
      loadDuration: 6,
      writeSize: 6,
      timeToEviction: 0,
      ageAtHit: 3,
      ageAtRefresh: 1,
      // Revalidating asks for what is held.
      getDuration: 10,
    });
    expect(distributions.writeSize.mean).toBeGreaterThan(400);
  });

  it('each that leaves in one of the instances, whichever wrote it', async () => {
    const [one, other] = [await aTier({ maxEntries: 10 }), await aTier({ maxEntries: 10 })];
    const both = (cause: 'replaced' | 'evicted' | 'expired' | 'cleared') =>
      one.recorder.count(cause) + other.recorder.count(cause);
    for (let i = 0; i < 30; i++) await (i % 2 === 0 ? one : other).tier.set(`key-${i}`, anEntry(i));
    expect(both('evicted')).toBe(20);
    for (const { tier } of [one, other]) await tier.set('mine', anEntry('mine'));
    expect([both('replaced'), both('evicted')]).toEqual([1, 21]);
    await one.tier.set('short', anEntry(1, 10));
    await until(() => both('expired') > 0);
    // Both have looked for what ended by then.
    await clock.sleep(1_500);
    expect([both('expired'), both('evicted')]).toEqual([1, 22]);
    expect((await other.tier.remove({ all: true }, { cause: 'cleared' })).entries).toBe(9);
    expect([both('cleared'), other.tier.usage().entries]).toEqual([9, 0]);
  }, 15_000);

  it('as evicted what the server took, when its key is met, and as expired what ended before that', async () => {
    const { tier, recorder } = await aTier();
    for (const key of ['written', 'removed', 'tagged']) await tier.set(key, { ...anEntry(key), tags: ['t'] });
    await byHand(server(), ['DEL', '{books}:e:written', '{books}:e:removed', '{books}:e:tagged']);
    // The indexes know them still.
    expect([await tier.get('written'), recorder.removals.size]).toEqual([undefined, 0]);
    await tier.set('written', anEntry('newer'));
    expect([...recorder.removals]).toEqual([['evicted', 1]]);
    expect((await tier.remove({ key: 'removed' }, { cause: 'invalidated' })).entries).toBe(0);
    expect((await tier.remove({ tag: 't' }, { cause: 'invalidated' })).entries).toBe(0);
    expect([...recorder.removals]).toEqual([['evicted', 3]]);
    await tier.set('short', anEntry(1, 10));
    await clock.sleep(20);
    // The server had it end; whoever comes first counts that.
    await tier.set('short', anEntry(2));
    expect([...recorder.removals]).toEqual([
      ['evicted', 3],
      ['expired', 1],
    ]);
  });

  it('nothing of what went with an index that the server lost: then all is lost at once', async () => {
    const { tier, recorder } = await aTier();
    await tier.set('key', anEntry(1));
    await byHand(server(), ['DEL', '{books}:k']);
    await tier.set('other', anEntry(2));
    expect([tier.usage().entries, [...recorder.removals]]).toEqual([1, []]);
  });
});
