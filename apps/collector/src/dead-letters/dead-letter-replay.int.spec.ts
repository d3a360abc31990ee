import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { zstdDecompressSync } from 'node:zlib';
import { decodeHeaders, type Batch } from '#libs/contracts';
import { aMetric } from '#libs/contracts/testing';
import { ApiKeys, createKey } from '#libs/operations';
import { RunningCollector } from '../testing/running-collector.js';
import { REPLAY_PATH } from './replay-route.js';

const HOUR = 3_600_000;

describe('POST /v1/dead-letters/replay', () => {
  let collector: RunningCollector;
  beforeAll(async () => {
    collector = await RunningCollector.start();
  });
  afterAll(async () => {
    await collector.stop();
  });

  const letterOf = (instance: string, index: number, originalAcceptedAt: number, event: unknown) => ({
    emitter: { service: 'library-api', instance, version: '1.0.0' },
    sequence: 3,
    index,
    originalAcceptedAt,
    event,
  });
  const send = (letters: unknown, headers = {}) =>
    collector.send(JSON.stringify({ letters }), headers, { path: REPLAY_PATH });
  const recordsOf = async (instance: string) => (await collector.records()).filter(({ key }) => key === instance);

  it('appends one record per batch, with the indexes and the first accept time, and judges lateness by it', async () => {
    const instance = randomUUID();
    const at = Math.floor(Date.now()) - 100 * HOUR;
    const answer = await send([
      letterOf(instance, 9, at, aMetric({ time: at })),
      letterOf(instance, 4, at, aMetric({ time: at - 47 * HOUR })),
      letterOf(instance, 5, at, aMetric({ time: at - 49 * HOUR })),
      letterOf(instance, 6, at, { ...aMetric({ time: at }), value: 'much' }),
      letterOf(instance, 9, at, aMetric({ time: at })),
    ]);
    expect(answer.json).toMatchObject({
      accepted: 2,
      rejected: [
        { index: 2, pointer: '/letters/2/event/time' },
        { index: 3, pointer: '/letters/3/event/value' },
        { index: 4, pointer: '/letters/4/index' },
      ],
    });
    expect(answer.status).toBe(202);
    const records = await recordsOf(instance);
    expect(records).toHaveLength(1);
    const headers = decodeHeaders(records[0]!.headers);
    expect(headers).toMatchObject({ sequence: 3, events: 2, indexes: [4, 9], originalAcceptedAt: at });
    const batch = JSON.parse(zstdDecompressSync(records[0]!.value).toString()) as Batch;
    expect(batch.events.map((event) => 'time' in event && event.time)).toEqual([at - 47 * HOUR, at]);
  });

  it('refuses what is no list of letters, rejects letters without an identity, and writes nothing for them', async () => {
    const before = (await collector.records()).length;
    expect((await send({})).status).toBe(400);
    expect((await collector.send('{', {}, { path: REPLAY_PATH })).status).toBe(400);
    const now = Math.floor(Date.now());
    const event = aMetric({ time: now });
    const instance = randomUUID();
    const { json } = await send([
      1,
      letterOf(instance, -1, now, event),
      letterOf(instance, 0, now + HOUR, event),
      { ...letterOf(instance, 0, now, event), emitter: {} },
    ]);
    expect(json).toMatchObject({
      accepted: 0,
      rejected: [
        { index: 0, pointer: '/letters/0' },
        { index: 1, pointer: '/letters/1/index' },
        { index: 2, pointer: '/letters/2/originalAcceptedAt' },
        { index: 3, pointer: expect.stringMatching(/^\/letters\/3\/emitter/) },
      ],
    });
    expect(await collector.records()).toHaveLength(before);
  });

  it('is for programs of this machine, and with keys for those of scope admin', async () => {
    const foreign = await send([], { origin: 'https://elsewhere.example' });
    expect(foreign.status).toBe(403);
    const writer = createKey({ id: 'writer', scopes: ['write'] });
    const admin = createKey({ id: 'admin', scopes: ['admin'] });
    const keys = new ApiKeys([writer.entry, admin.entry]);
    const guarded = await RunningCollector.start({ access: { keys: () => keys } });
    const status = async (headers: Record<string, string>) =>
      (await guarded.send('{"letters":[]}', headers, { path: REPLAY_PATH })).status;
    try {
      expect(await status({})).toBe(401);
      expect(await status({ authorization: `Bearer ${writer.text}` })).toBe(403);
      expect(await status({ authorization: `Bearer ${admin.text}` })).toBe(202);
    } finally {
      await guarded.stop();
    }
  });
});
