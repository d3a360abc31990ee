import { inspect } from 'node:util';
import { expect, it } from '@jest/globals';
import type { CountingRecorder } from '#libs/contracts';
import { createCache } from './cache.js';
import { memory } from './memory/memory-tier.js';
import { loaded } from './options.js';
import { LocalRecorder } from './record/local-recorder.js';
import { createOrigin, FakeClock, FakeFarTier } from './testing/index.js';

const PATH = '/home/reader/private/diary.pdf';
const TAG = '/home/reader/private';

/** All of a value that could be written to a log, causes and fields of errors included. */
function written(value: unknown, depth = 0): string {
  if (depth > 6 || typeof value === 'function') return '';
  if (value instanceof Error)
    return [value.name, value.message, value.stack ?? '', ...Object.values(value), value.cause]
      .map((one) => written(one, depth + 1))
      .join('\n');
  if (typeof value === 'object' && value !== null)
    return Object.entries(value)
      .map(([name, one]) => `${name}: ${written(one, depth + 1)}`)
      .join('\n');
  return String(value);
}

it('names no key and no tag in errors, problems, counts or what telemetry is told', async () => {
  const told: unknown[] = [];
  const clock = new FakeClock();
  const far = new FakeFarTier();
  const origin = createOrigin<string>({ clock, script: ['throw', 'hang', { value: '' }, 'throw'] });
  const recorder = new LocalRecorder();
  const watched = new Proxy(recorder, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target);
      // Keys are handed in to be hashed with the secret salt, and go no farther.
      if (typeof member !== 'function' || name === 'hashKey') return member;
      return (...args: unknown[]) => {
        told.push(args);
        return (member as (...args: unknown[]) => unknown).apply(target, args);
      };
    },
  }) as CountingRecorder;
  const cache = createCache<string, string>({
    name: 'files',
    tiers: [memory({ maxEntries: 2 }), far],
    hardTimeout: '1s',
    ttl: '1m',
    staleWhileRevalidate: '1h',
    clock,
    telemetry: { cache: () => watched },
    schema: {
      '~standard': {
        version: 1,
        vendor: 'here',
        validate: (value) => (value === '' ? { issues: [{ message: 'is empty' }] } : { value: value as string }),
      },
    },
    onProblem: (problem) => void told.push(problem),
  });
  const failure = async (asked: Promise<unknown>) => {
    const [[result]] = await Promise.all([Promise.allSettled([asked]), clock.advance(2_000)]);
    told.push(result!.status === 'rejected' ? (result!.reason as unknown) : 'no failure');
    return result!.status;
  };
  const statuses = [
    await failure(cache.getOrLoad(PATH, origin.load)),
    await failure(cache.getOrLoad(PATH, origin.load)),
    await failure(cache.getOrLoad(PATH, origin.load)),
    await failure(cache.getOrLoad(PATH)),
    await failure(cache.getOrLoad(PATH, (key): Promise<string | undefined> => cache.getOrLoad(key, origin.load))),
    await failure(cache.getOrLoad(PATH, () => loaded({ unchanged: true }))),
    await failure(
      cache
        .invalidateWhere(() => Promise.reject(new Error('odd')) as unknown as boolean)
        .then(() => cache.resize('none', {})),
    ),
    await failure(cache.getMany([PATH], () => Promise.reject(new Error('away')))),
    await failure(cache.getMany([`${PATH}.3`, PATH], async () => [PATH, new Error('away')])),
  ];
  for (const error of told.filter((one) => one instanceof Error)) told.push(inspect(error), JSON.stringify(error));
  expect(statuses).toEqual(Array.from(statuses, () => 'rejected'));
  await cache.set(PATH, 'held', { tags: [TAG] });
  far.away = true;
  await clock.advance(90_000);
  await cache.get(PATH);
  await cache.getOrLoad(PATH, origin.load);
  await cache.set(`${PATH}.2`, 'another', { tags: [TAG] });
  far.away = false;
  await cache.invalidateTag(TAG);
  await cache.clear();
  told.push(cache.stats());
  await cache.close();
  told.push(await cache.get(PATH).catch((error: unknown) => error));
  const all = written(told);
  expect(told.length).toBeGreaterThan(20);
  expect(all).toContain('CACHE_CLOSED');
  expect(all).not.toContain('diary');
  expect(all).not.toContain('/home/reader');
});
