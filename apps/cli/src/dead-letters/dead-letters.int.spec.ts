import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClickHouse, migrate } from '#libs/clickhouse';
import { startEmbeddedEngine, type EmbeddedEngine } from '#libs/clickhouse/embedded';
import { SystemClock } from '#libs/time';
import { Server } from '../http/server.js';
import { storedOf } from '../replay/stored.js';
import { alperf } from '../testing/alperf.js';

const INSTANCE = '5f0c0f7e-6f1e-4f5e-9d5a-0a8f5a0c7b11';

describe('The statements of the command line, on the real engine and its tables', () => {
  let folder: string;
  let engine: EmbeddedEngine;
  let sql: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'alperf-cli-'));
    engine = await startEmbeddedEngine({ path: folder });
    const { url, username, password } = engine;
    const clickhouse = new ClickHouse({ url, username, password });
    await migrate(clickhouse, new SystemClock());
    sql = url.replace('://', `://${username}:${password}@`);
    const letters = [
      [0, 'rejected', 'too large', '{"kind":"metric","value":1}'],
      [1, 'rejected', 'too large', '{"kind":"metric",'],
      ...[2, 3, 4].map((idx) => [idx, 'too_late', `${idx} h too late`, '{}'] as const),
      ...[5, 6].map((idx) => [idx, 'too_late', '9 h too late', '{}'] as const),
    ].map(
      ([idx, cause, reason, event]) =>
        `('2026-11-24', '${INSTANCE}', 3, ${idx}, 0, 9, 'catalogue', '2026-11-24 10:00:0${idx}.000', '${cause}', '${reason}', '/events/${idx}/bytes', '${event}')`,
    );
    await fetch(`${url}/?database=alperf`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` },
      body: `INSERT INTO dead_letters VALUES ${letters.join(', ')}`,
    }).then(async (reply) => expect([reply.status, await reply.text()]).toEqual([200, '']));
    await clickhouse.close();
  }, 60_000);

  afterAll(async () => {
    await engine.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function ask(...argv: string[]) {
    const { code, out } = await alperf([...argv, '--json', '--sql', sql], { cwd: folder });
    return { code, answer: JSON.parse(out) as unknown };
  }

  it('list dead letters, the newest first, by service, reason, cause and time', async () => {
    const { code, answer } = await ask(
      'dead-letters',
      'list',
      '--service',
      'catalogue',
      '--reason',
      'LARGE',
      '--cause',
      'rejected',
    );
    expect(answer).toMatchObject({
      deadLetters: [
        { idx: 1, pointer: '/events/1/bytes' },
        { idx: 0, service: 'catalogue' },
      ],
    });
    expect(code).toBe(0);
    expect((await ask('dead-letters', 'list', '--since', '2026-11-24T10:00:06Z')).answer).toMatchObject({
      deadLetters: [{ idx: 6 }],
    });
    expect((await ask('dead-letters', 'list', '--until', '2026-11-24T10:00:00Z')).answer).toEqual({
      deadLetters: [],
    });
  });

  it('count them by cause with the most frequent reasons, and show one by its identity', async () => {
    const summary = await ask('dead-letters', 'list', '--summary');
    expect(summary.answer).toEqual({
      causes: [
        {
          service: 'catalogue',
          cause: 'too_late',
          letters: 5,
          reasons: [
            { reason: '9 h too late', letters: 2 },
            { reason: '2 h too late', letters: 1 },
            { reason: '3 h too late', letters: 1 },
          ],
        },
        { service: 'catalogue', cause: 'rejected', letters: 2, reasons: [{ reason: 'too large', letters: 2 }] },
      ],
    });
    expect((await ask('dead-letters', 'list', '--summary', '--limit', '1')).answer).toMatchObject({
      causes: [{ cause: 'too_late', letters: 5 }],
    });
    const text = (await alperf(['dead-letters', 'list', '--summary', '--sql', sql], { cwd: folder })).out;
    expect(
      text
        .split('\n')
        .slice(0, 5)
        .map((line) => line.trim()),
    ).toEqual(['5  catalogue  too_late', '2  9 h too late', '1  2 h too late', '1  3 h too late', '1  other reasons']);
    expect((await ask('dead-letters', 'show', `${INSTANCE}/3/0`)).answer).toMatchObject({
      deadLetters: [{ reason: 'too large', event: { kind: 'metric', value: 1 } }],
    });
    expect((await ask('dead-letters', 'show', `${INSTANCE}/3/7`)).code).toBe(1);
  });

  it('answer an event as an object in JSON, as the text it is where it cannot be read, and as it is stored for people', async () => {
    expect((await ask('dead-letters', 'list', '--cause', 'rejected')).answer).toMatchObject({
      deadLetters: [{ event: '{"kind":"metric",' }, { event: { kind: 'metric', value: 1 } }],
    });
    const { out } = await alperf(['dead-letters', 'show', `${INSTANCE}/3/0`, '--sql', sql], { cwd: folder });
    expect(out).toContain('\nevent: {"kind":"metric","value":1}\n');
    expect(out).not.toContain('cannot be replayed');
    const listed = (await alperf(['dead-letters', 'list', '--cause', 'rejected', '--sql', sql], { cwd: folder })).out;
    expect(
      listed
        .trim()
        .split('\n')
        .map((line) => line.includes('(cannot be replayed: "event" is not JSON)')),
    ).toEqual([true, false]);
  });

  it('ask for what a replay stored', async () => {
    const server = new Server(
      { text: (name) => (name === 'sql' ? sql : undefined) },
      { env: {}, cwd: tmpdir(), signal: new AbortController().signal },
    );
    expect(await storedOf(server, 'alperf-replay', INSTANCE, ['memory'])).toMatchObject({
      tiers: [{ tier: 'memory', counts: { requests: 0, hits: 0 } }],
      events: 0,
      batches: 0,
    });
  });
});
