import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClickHouse, migrate } from '#libs/clickhouse';
import { startEmbeddedEngine, type EmbeddedEngine } from '#libs/clickhouse/embedded';
import { SystemClock } from '#libs/time';
import { COMMANDS } from '../commands.js';
import { run } from '../command/run.js';
import { storedOf } from '../replay/stored.js';
import { Server } from '../http/server.js';

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
    const letters = [0, 1].map(
      (idx) =>
        `('2026-11-24', '${INSTANCE}', 3, ${idx}, 0, 9, 'catalogue', '2026-11-24 10:00:0${idx}.000', 'invalid', 'too large', '/events/${idx}/bytes', '{}')`,
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

  async function alperf(...argv: string[]) {
    let out = '';
    const code = await run([...argv, '--json', '--sql', sql], {
      commands: COMMANDS,
      version: '0',
      stdout: (text) => {
        out += text;
      },
      host: {
        clock: new SystemClock(),
        env: {},
        cwd: folder,
        terminal: { interactive: false, columns: 80, write: () => undefined },
        stdin: process.stdin,
        random: Math.random,
        signal: new AbortController().signal,
        nodeVersion: process.versions.node,
      },
    });
    return { code, answer: JSON.parse(out) as unknown };
  }

  it('list dead letters, the newest first, by service, reason, cause and time', async () => {
    const { code, answer } = await alperf(
      'dead-letters',
      'list',
      '--service',
      'catalogue',
      '--reason',
      'LARGE',
      '--cause',
      'invalid',
    );
    expect(answer).toMatchObject({
      deadLetters: [
        { idx: 1, pointer: '/events/1/bytes' },
        { idx: 0, service: 'catalogue' },
      ],
    });
    expect(code).toBe(0);
    expect((await alperf('dead-letters', 'list', '--since', '2026-11-24T10:00:01Z')).answer).toMatchObject({
      deadLetters: [{ idx: 1 }],
    });
    expect((await alperf('dead-letters', 'list', '--until', '2026-11-24T10:00:00Z')).answer).toEqual({
      deadLetters: [],
    });
  });

  it('count them by cause, and show one by its identity', async () => {
    expect((await alperf('dead-letters', 'list', '--summary')).answer).toEqual({
      causes: [{ service: 'catalogue', cause: 'invalid', letters: 2 }],
    });
    expect((await alperf('dead-letters', 'show', `${INSTANCE}/3/0`)).answer).toMatchObject({
      deadLetters: [{ reason: 'too large' }],
    });
    expect((await alperf('dead-letters', 'show', `${INSTANCE}/3/7`)).code).toBe(1);
  });

  it('ask for what a replay stored', async () => {
    const server = new Server(
      { text: (name) => (name === 'sql' ? sql : undefined) },
      { env: {}, cwd: tmpdir(), signal: new AbortController().signal },
    );
    expect(await storedOf(server, 'alperf-replay', INSTANCE)).toMatchObject({
      counts: { requests: 0, hits: 0 },
      events: 0,
      batches: 0,
    });
  });
});
