import { inspect } from 'node:util';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { createClient } from '@redis/client';
import { SystemClock } from '#libs/time';
import { describeWithRedis, type RedisServer } from '#test/support';
import { RecordingTierRecorder } from '../testing/index.js';
import { TierUnavailableError, type Entry, type Selection } from '../tier/tier.js';
import { redis, type RedisOptions, type RedisTier } from './redis-tier.js';

const clock = new SystemClock();
const TIMEOUT_MS = 300;

function anEntry(value: unknown, rest: Partial<Entry> = {}): Entry {
  const forEver = Number.POSITIVE_INFINITY;
  return { value, negative: false, storedAt: clock.now(), freshMs: forEver, staleMs: 0, ...rest };
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await clock.sleep(5);
}

const opened: RedisTier[] = [];

async function open(url: string, options: Partial<RedisOptions> = {}) {
  const tier = redis({ url, commandTimeoutMs: TIMEOUT_MS, longestRetryMs: 200, ...options });
  const recorder = new RecordingTierRecorder();
  const problems: Error[] = [];
  const heard: Selection[] = [];
  tier.onRemoved((selection) => void heard.push(selection));
  await tier.open({
    cache: 'faults',
    clock,
    random: Math.random,
    recorder: recorder.port,
    onProblem: (problem) => void problems.push(problem),
  });
  opened.push(tier);
  return { tier, recorder, problems, heard };
}

async function byHand(server: RedisServer, ...commands: string[][]): Promise<unknown[]> {
  const client = createClient({ url: server.url });
  await client.connect();
  try {
    const answers: unknown[] = [];
    for (const command of commands) answers.push(await client.sendCommand(command));
    return answers;
  } finally {
    client.destroy();
  }
}

const isUp = (tier: RedisTier) =>
  tier.get('any').then(
    () => true,
    () => false,
  );

afterEach(async () => {
  for (const tier of opened.splice(0)) await tier.close();
});

describeWithRedis('The Redis tier, when its server fails,', 11, (server) => {
  beforeEach(async () => void (await byHand(server(), ['FLUSHALL'])));

  it('goes on after the server was killed and came back, and tells that everything may have changed', async () => {
    const { tier, problems, heard } = await open(server().url);
    await tier.set('key', anEntry(1));
    expect(heard).toEqual([]);
    await server().kill9();
    await expect(tier.get('key')).rejects.toThrow(TierUnavailableError);
    await until(() => problems.length > 0);
    await expect(tier.set('key', anEntry(2))).rejects.toThrow(/Redis at 127\.0\.0\.1:\d+ cannot be used/);
    await server().restart();
    await until(() => isUp(tier));
    await until(() => heard.length > 0);
    expect(heard[0]).toEqual({ all: true });
    expect(await tier.get('key')).toBeUndefined();
    expect(await tier.set('key', anEntry(3))).toBe(true);
    expect((await tier.get('key'))?.value).toBe(3);
    expect(problems).toHaveLength(1);
  }, 30_000);

  it('opens while the server is away, answers 1,000 gets at once, and finds it when it comes', async () => {
    await server().kill9();
    const { tier } = await open(server().url);
    const start = clock.monotonic();
    const answers = await Promise.allSettled(Array.from({ length: 1_000 }, (_, i) => tier.get(`key-${i}`)));
    expect(clock.monotonic() - start).toBeLessThan(TIMEOUT_MS);
    expect(answers.every(({ status }) => status === 'rejected')).toBe(true);
    await server().restart();
    await until(() => isUp(tier));
    expect(await tier.set('key', anEntry(1))).toBe(true);
  }, 30_000);

  it('lets 1,000 gets wait for a hung server no longer than its timeout, and later ones not at all', async () => {
    const timeoutMs = 1_000;
    const { tier, problems } = await open(server().url, { commandTimeoutMs: timeoutMs });
    await tier.set('key', anEntry(1));
    server().pause();
    try {
      let start = clock.monotonic();
      const answers = await Promise.allSettled(Array.from({ length: 1_000 }, () => tier.get('key')));
      expect(clock.monotonic() - start).toBeLessThan(2 * timeoutMs);
      expect(answers.every(({ status }) => status === 'rejected')).toBe(true);
      start = clock.monotonic();
      await expect(tier.get('key')).rejects.toThrow(TierUnavailableError);
      expect(clock.monotonic() - start).toBeLessThan(timeoutMs / 2);
      expect(problems).toHaveLength(1);
    } finally {
      server().resume();
    }
    await until(() => isUp(tier));
    expect((await tier.get('key'))?.value).toBe(1);
  }, 30_000);

  it('answers nothing that was removed or overwritten while the server hung or was away', async () => {
    const { tier } = await open(server().url);
    for (const key of ['a', 'b', 'kept']) await tier.set(key, anEntry('old'));
    await tier.set('tagged', anEntry('old', { tags: ['t'] }));
    server().pause();
    try {
      const lost = await Promise.allSettled([tier.set('a', anEntry('late')), tier.get('kept')]);
      expect(lost.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
      await expect(tier.remove({ key: 'b' }, { cause: 'invalidated' })).rejects.toThrow(TierUnavailableError);
      await expect(tier.remove({ tag: 't' }, { cause: 'invalidated' })).rejects.toThrow(TierUnavailableError);
    } finally {
      server().resume();
    }
    await until(() => isUp(tier));
    const found = await tier.getMany(['a', 'b', 'tagged', 'kept']);
    expect(found.map((entry) => entry?.value)).toEqual([undefined, undefined, undefined, 'old']);
    expect(await tier.set('a', anEntry('new'))).toBe(true);
    expect((await tier.get('a'))?.value).toBe('new');
  }, 30_000);

  it('gives up a server that is too slow, and goes on when it is not', async () => {
    const { tier, problems } = await open(server().url);
    await tier.set('key', anEntry(1));
    const slow = byHand(server(), ['DEBUG', 'SLEEP', '1']);
    await until(async () => !(await isUp(tier)));
    await slow;
    await until(() => isUp(tier));
    expect((await tier.get('key'))?.value).toBe(1);
    expect(problems.every((problem) => problem instanceof TierUnavailableError)).toBe(true);
  }, 30_000);

  it('has other instances drop what one removed, and everything once messages may have been lost', async () => {
    const one = await open(server().url);
    const other = await open(server().url);
    await one.tier.set('key', anEntry(1, { tags: ['t'] }));
    await one.tier.remove({ tag: 't' }, { cause: 'invalidated' });
    await one.tier.remove({ prefix: 'k' }, { cause: 'invalidated' });
    // Not there any more: a tier above the other one may still have it.
    await one.tier.remove({ key: 'key' }, { cause: 'invalidated' });
    await until(() => other.heard.length >= 4);
    expect(other.heard).toEqual([{ key: 'key' }, { tag: 't' }, { prefix: 'k' }, { key: 'key' }]);
    expect(one.heard).toEqual([]);
    other.heard.length = 0;
    await byHand(server(), ['CLIENT', 'KILL', 'TYPE', 'pubsub', 'SKIPME', 'yes']);
    await until(() => other.heard.length > 0);
    expect(other.heard).toEqual([{ all: true }]);
  }, 30_000);

  it('takes values cut or changed by hand for misses, finds them when it verifies, and removes them', async () => {
    const { tier, problems } = await open(server().url);
    for (const key of ['cut', 'flipped', 'foreign', 'sound']) await tier.set(key, anEntry('x'.repeat(100)));
    const [whole] = (await byHand(server(), ['GETRANGE', '{faults}:e:cut', '0', '70'])) as [string];
    expect(whole.length).toBeGreaterThan(0);
    await byHand(
      server(),
      ['EVAL', "redis.call('SET', KEYS[1], redis.call('GETRANGE', KEYS[1], 0, 80))", '1', '{faults}:e:cut'],
      ['SETRANGE', '{faults}:e:flipped', '90', '?'],
      ['COPY', '{faults}:e:sound', '{faults}:e:foreign', 'REPLACE'],
    );
    const found: (string | undefined)[] = [];
    for await (const { key, problem } of tier.verify({ repair: false })) found.push(`${key}: ${problem}`);
    expect(found.sort()).toEqual(['cut: corrupt', 'flipped: corrupt', 'foreign: corrupt']);
    for (const key of ['cut', 'flipped', 'foreign']) expect(await tier.get(key)).toBeUndefined();
    expect((await tier.get('sound'))?.value).toBe('x'.repeat(100));
    await until(() => tier.usage().entries === 1);
    expect(problems).toHaveLength(3);
    for await (const { message } of tier.verify({ repair: true })) throw new Error(message);
  }, 30_000);

  it('answers nothing of what an index lost by the server had, and begins anew', async () => {
    for (const index of ['m', 'k', 'q', 't', 's', 'g']) {
      const { tier } = await open(server().url);
      await tier.set('key', anEntry(1, { tags: ['t'] }));
      await byHand(server(), ['DEL', `{faults}:${index}`]);
      await tier.remove({ tag: 't' }, { cause: 'invalidated' });
      expect(await tier.get('key')).toBeUndefined();
      expect(await tier.set('key', anEntry(2, { tags: ['t'] }))).toBe(true);
      expect((await tier.get('key'))?.value).toBe(2);
      expect(tier.usage().entries).toBe(1);
      await tier.close();
      await byHand(server(), ['FLUSHALL']);
    }
  }, 30_000);

  it('removes many in steps, gives back what they took, and leaves alone what came meanwhile', async () => {
    const { tier, recorder } = await open(server().url, { commandTimeoutMs: 10_000 });
    await Promise.all(Array.from({ length: 1_000 }, (_, i) => tier.set(`key-${i}`, anEntry(i, { tags: ['t'] }))));
    const removing = tier.remove({ tag: 't' }, { cause: 'invalidated' });
    const written = tier.set('key-999', anEntry('later', { tags: ['t'] }));
    expect((await tier.get('key-998'))?.value).toBeUndefined();
    expect((await tier.get('key-999'))?.value).toBe('later');
    // One of them was overwritten instead.
    expect((await removing).entries + recorder.count('replaced')).toBe(1_000);
    expect(await written).toBe(true);
    expect((await tier.get('key-999'))?.value).toBe('later');
    await tier.remove({ all: true }, { cause: 'cleared' });
    await Promise.all(Array.from({ length: 600 }, (_, i) => tier.set(`key-${i}`, anEntry(i))));
    expect((await tier.remove({ all: true }, { cause: 'cleared' })).entries).toBe(600);
    await until(async () => (await byHand(server(), ['KEYS', '{faults}:e:*']))[0]!.toString() === '');
  }, 30_000);

  it('leaves nothing on the server for ever when its entries end', async () => {
    const { tier, recorder } = await open(server().url);
    await tier.set('first', anEntry(1, { freshMs: 60_000, tags: ['t'] }));
    await tier.set('short', anEntry(2, { freshMs: 30, staleMs: 20, tags: ['t', 'u'] }));
    const [keys] = (await byHand(server(), ['KEYS', '*'])) as [string[]];
    const lasting = (await byHand(server(), ...keys.map((key) => ['PTTL', key]))) as number[];
    expect(lasting.filter((ms) => ms < 0)).toEqual([]);
    await until(async () => (await tier.get('short')) === undefined);
    await until(() => tier.usage().entries === 1);
    expect(recorder.count('expired')).toBe(1);
    await tier.set('ever', anEntry(3));
    expect(((await byHand(server(), ['PTTL', '{faults}:k'])) as number[])[0]).toBe(-1);
  }, 30_000);

  it('refuses a url that is none, without telling what is in it', async () => {
    for (const url of ['http://u:s3cret@host', 'redis//u:s3cret@host']) {
      const failure = await open(url).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(TypeError);
      expect(inspect(failure)).not.toContain('s3cret');
    }
  });
});

describeWithRedis(
  'The Redis tier, on a server with a password,',
  2,
  (server) => {
    it('refuses to open with a wrong one or none, says what to do, and tells no password', async () => {
      for (const user of [':s3cret-but-wrong@', 'somebody:s3cret-but-wrong@', '']) {
        const failure = await open(server().url.replace('//', `//${user}`)).catch((error: unknown) => error);
        expect((failure as Error).message).toMatch(/refuses the user or the password of the url/);
        expect(inspect(failure, { depth: 10, showHidden: true })).not.toContain('s3cret');
      }
    });

    it('works with the right one, and keeps it to itself when the server goes away', async () => {
      const { tier, problems } = await open(server().url.replace('//', '//:s3cret@'));
      expect(await tier.set('key', anEntry(1))).toBe(true);
      await server().kill9();
      await until(() => problems.length > 0);
      const failure = await tier.get('key').catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(TierUnavailableError);
      expect(inspect([failure, problems], { depth: 10 })).not.toContain('s3cret');
    }, 30_000);
  },
  { settings: { requirepass: 's3cret' } },
);
