import { describe, expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { directoryHolder, lockDirectory } from '#libs/operations';
import { renderChecks } from './check.js';
import { judgeSpace, lockCheck, nodeCheck, portCheck, writableCheck, type PortUse } from './local-checks.js';
import { judgeAlerts, judgeSkew } from './server-checks.js';
import { settingsCheck } from './settings-check.js';

const GIB = 2 ** 30;

describe('The doctor', () => {
  it('judges Node, free space and clocks, each fault with a remedy', () => {
    expect(nodeCheck('24.21.0').status).toBe('ok');
    expect(nodeCheck('20.19.0')).toMatchObject({ status: 'failed', remedy: expect.stringContaining('npm') });
    expect([20 * GIB, 2 * GIB, GIB / 4].map((bytes) => judgeSpace(bytes).status)).toEqual(['ok', 'warning', 'failed']);
    expect([0, 900, -4_999, 5_000, -59_000, 60_000].map((ms) => judgeSkew(ms).status)).toEqual([
      'ok',
      'ok',
      'ok',
      'warning',
      'warning',
      'failed',
    ]);
    expect(judgeSkew(-10_000).detail).toBe("10.0 s ahead of the server's");
    for (const check of [nodeCheck('18.0.0'), judgeSpace(0), judgeSkew(1e6)]) expect(check.remedy).toBeTruthy();
  });

  it('tells a port that another program has from a free one and from our own', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const check = (use: PortUse, at = port) => portCheck('http port', '127.0.0.1', at, use);
    expect(await check({ answers: false })).toMatchObject({
      status: 'failed',
      detail: `${port}: another program uses it`,
    });
    expect((await check({ answers: true })).status).toBe('ok');
    expect(await check({ answers: false, holder: { pid: 7 } })).toMatchObject({
      status: 'ok',
      detail: `${port}: the server on the data folder uses it (process 7)`,
    });
    await new Promise((resolve) => other.close(resolve));
    expect((await check({ answers: false, holder: { pid: 7 } })).detail).toBe(`${port} is free`);
    expect((await check({ answers: false }, 0)).status).toBe('skipped');
  });

  it('looks at the data folder, also at one that does not exist yet, and at who has it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'alperf-doctor-'));
    try {
      expect((await writableCheck(join(folder, 'a', 'b'))).detail).toContain('does not exist yet');
      writeFileSync(join(folder, 'file'), '');
      expect(await writableCheck(join(folder, 'file', 'data'))).toMatchObject({
        status: 'failed',
        detail: `${join(folder, 'file')} is a file`,
      });
      expect(lockCheck(directoryHolder(folder)).detail).toBe('no server uses the data folder');
      const lock = lockDirectory(join(folder, 'data'));
      expect(lockCheck(directoryHolder(join(folder, 'data'))).detail).toBe(`in use by process ${process.pid}`);
      lock.release();
      expect(lockCheck(directoryHolder(join(folder, 'data'))).detail).toBe('no server uses the data folder');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('tells alerts that fire from those that are pending', () => {
    const alert = (alertname: string, state: 'firing' | 'pending') => ({
      labels: { alertname },
      annotations: {},
      state,
      activeAt: '2026-01-01T00:00:00.000Z',
      value: '1e+00',
    });
    const judge = (...alerts: ReturnType<typeof alert>[]) => judgeAlerts({ status: 'success', data: { alerts } });
    expect(judge()).toMatchObject({ status: 'ok', detail: 'none' });
    expect(judge(alert('PipelineStalled', 'pending'))).toMatchObject({
      status: 'ok',
      detail: expect.stringContaining('pending: PipelineStalled'),
    });
    expect(judge(alert('PipelineStalled', 'pending'), alert('PipelineEventsLost', 'firing'))).toMatchObject({
      status: 'failed',
      detail: 'firing: PipelineEventsLost',
      remedy: 'Follow docs/runbooks/PipelineEventsLost.md.',
    });
  });

  it('finds settings that are right by themselves and do not fit together', () => {
    const look = (env: Readonly<Record<string, string>>) => settingsCheck({ env, cwd: tmpdir() });
    expect(look({}).check.status).toBe('ok');
    const { check, values } = look({ ALPERF_HTTP_PORT: '9000', ALPERF_SQL_PORT: '9000', ALPERF_LATE_HOURS: '48' });
    expect(check).toMatchObject({ status: 'failed', detail: expect.stringContaining('both name port 9000') });
    // The rest can be looked at all the same.
    expect(values?.httpPort).toBe(9_000);
    const unreadable = look({ ALPERF_HTTP_PORT: 'many' });
    expect([unreadable.check.status, unreadable.values]).toEqual(['failed', undefined]);
  });

  it('renders a remedy below what it belongs to', () => {
    const lines = renderChecks([judgeSpace(0), nodeCheck('24.0.0')]).split('\n');
    expect(lines.map((line) => line.trim().slice(0, 6))).toEqual(['FAIL  ', '→ Make', 'ok    ']);
  });
});
