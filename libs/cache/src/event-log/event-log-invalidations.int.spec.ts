import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { EmbeddedEventLog } from '#libs/event-log/embedded';
import { SystemClock } from '#libs/time';
import { createCache } from '../cache.js';
import { memory } from '../memory/memory-tier.js';
import { invalidationContract } from '../testing/index.js';
import { EventLogInvalidations } from './event-log-invalidations.js';

const clock = new SystemClock();

async function openLog() {
  const path = await mkdtemp(join(tmpdir(), 'alperf-log-'));
  const log = await EmbeddedEventLog.open({ path, clock, random: Math.random, handOverMs: 200 });
  return {
    log,
    dispose: async () => {
      await log.close();
      await rm(path, { recursive: true });
    },
  };
}

invalidationContract('The embedded log', async () => {
  const { log, dispose } = await openLog();
  return { bus: () => new EventLogInvalidations({ log, clock, pollMs: 5 }), dispose };
});

it('tells caches what was removed, and empties a memory that missed what the log was asked to say', async () => {
  const { log, dispose } = await openLog();
  const make = () =>
    createCache<string, string>({
      name: 'covers',
      tiers: [memory({ maxEntries: 100 })],
      invalidations: { bus: new EventLogInvalidations({ log, clock, pollMs: 5 }), secret: 'a secret of the service' },
    });
  const [one, other] = [make(), make()];
  const holds = async (key: string) => {
    await other.set(key, 'old');
    return other.getNow(key) === 'old';
  };
  // Until it listens, its memory is emptied once.
  while (!((await holds('a')) && (await clock.sleep(50), other.getNow('a') === 'old'))) await clock.sleep(5);
  await one.delete('a');
  while (other.getNow('a') !== undefined) await clock.sleep(5);

  expect(await holds('b')).toBe(true);
  await log.append('cache-invalidations', [{ key: 'covers', value: new TextEncoder().encode('{"odd'), headers: {} }]);
  while (other.getNow('b') !== undefined) await clock.sleep(5);
  await one.close();
  await other.close();
  await dispose();
}, 20_000);
