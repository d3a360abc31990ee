import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EVENTS_TOPIC } from '#libs/contracts';
import { EmbeddedEventLog } from '#libs/event-log/embedded';
import { FakeClock } from '#libs/time/testing';
import { StatusPoll } from './status-poll.js';

let path: string;
let clock: FakeClock;
let log: EmbeddedEventLog;

/** In tests whose listeners do not throw. */
const raise = (error: unknown) => {
  throw error;
};

beforeEach(async () => {
  path = mkdtempSync(join(tmpdir(), 'alperf-status-poll-'));
  clock = new FakeClock();
  log = await EmbeddedEventLog.open({ path, clock, random: () => 0 });
  await log.ensureTopic(EVENTS_TOPIC, { partitions: 1 });
});
afterEach(async () => {
  await log.close();
  rmSync(path, { recursive: true });
});

it('asks a database that hangs once, however often it looks, and says that it does not answer', async () => {
  let asked = 0;
  const database = () => {
    asked++;
    return new Promise<never>(() => undefined);
  };
  const poll = new StatusPoll({
    clock,
    log,
    database,
    inserted: database,
    sqlPort: () => null,
    onListenerError: raise,
  });
  for (let round = 0; round < 3; round++) {
    const looked = poll.status();
    await clock.advance(5_000);
    const step = JSON.stringify(await looked);
    expect(step).toContain('No answer within 5000 ms.');
    await clock.advance(2_000);
  }
  expect(asked).toBe(1);
});

it('reads no more than the rates need while nobody watches, and all of it for the first who asks', async () => {
  const asked = { database: 0, inserted: 0 };
  const inserted = async () => {
    asked.inserted++;
    return { at: clock.monotonic(), records: 0, events: 0 };
  };
  const database = async (): Promise<never> => {
    asked.database++;
    throw new Error('Away.');
  };
  const poll = new StatusPoll({ clock, log, database, inserted, sqlPort: () => null, onListenerError: raise });
  poll.start();
  while (poll.recent.length < 3) await clock.advance(1_000);
  expect(asked).toEqual({ database: 0, inserted: 3 });
  expect([poll.lag, poll.latest]).toEqual([0, undefined]);
  expect((await poll.status()).steps.clickhouse.detail).toBe('Away.');
  expect(asked.database).toBe(1);
  poll.stop();
});

it('goes on looking when a watcher throws, tells what it threw, and tells the others the status', async () => {
  const thrown: unknown[] = [];
  const away = async (): Promise<never> => {
    throw new Error('Away.');
  };
  const onListenerError = (error: unknown) => thrown.push(error);
  const poll = new StatusPoll({ clock, log, database: away, inserted: away, sqlPort: () => null, onListenerError });
  const seen: number[] = [];
  poll.watch(() => {
    throw new Error('The stream is gone.');
  });
  poll.watch(({ at }) => seen.push(at));
  poll.start();
  while (seen.length < 3) await clock.advance(500);
  expect(thrown).toEqual(seen.map(() => new Error('The stream is gone.')));
  poll.stop();
});
