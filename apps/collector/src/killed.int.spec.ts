import { expect, it } from '@jest/globals';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeHeaders } from '#libs/contracts';
import { aBatch, aCacheWindow } from '#libs/contracts/testing';
import { RunningCollector } from './testing/running-collector.js';

// A process of its own runs built code; npm test builds first.
const child = join(import.meta.dirname, '../../../dist/apps/collector/src/testing/dies-after-append.js');

it('answers a batch sent again after a kill between append and answer, and the log holds one identity', async () => {
  expect(existsSync(child)).toBe(true);
  const folder = mkdtempSync(join(tmpdir(), 'alperf-killed-'));
  const end = Math.floor(Date.now() / 1_000) * 1_000;
  const body = JSON.stringify(
    aBatch({ sequence: 41, events: [aCacheWindow({ end }), aCacheWindow({ end, tier: 'disk' })] }),
  );
  try {
    const dying = fork(child, [folder], { execArgv: [], silent: true });
    let said = '';
    dying.stderr!.on('data', (part: Buffer) => (said += part.toString()));
    const exit = once(dying, 'exit');
    const early = exit.then(() => {
      throw new Error(`The collector ended before it listened: ${said}`);
    });
    const [{ port }] = (await Promise.race([once(dying, 'message'), early])) as [{ port: number }];
    early.catch(() => undefined);
    const answer = new Promise((resolve) => {
      const headers = { 'content-type': 'application/json' };
      const sent = request({ host: '127.0.0.1', port, path: '/v1/events', method: 'POST', headers }, resolve);
      sent.on('error', () => resolve('no answer'));
      sent.end(body);
    });
    expect(await answer).toBe('no answer');
    expect(await exit).toEqual([null, 'SIGKILL']);

    const collector = await RunningCollector.start({ folder });
    expect(await collector.records()).toHaveLength(1);
    expect((await collector.send(body)).status).toBe(202);
    const records = await collector.records();
    await collector.stop();
    expect(records).toHaveLength(2);
    const identity = records.map(({ key, value, partition, headers }) => {
      const { acceptedAt: _, ...rest } = decodeHeaders(headers);
      return { key, partition, ...rest, value: Buffer.from(value).toString() };
    });
    expect(identity[1]).toEqual(identity[0]);
    expect(identity[0]).toMatchObject({ sequence: 41, events: 2, value: body });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
