import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aCacheWindow } from '#libs/contracts/testing';
import { alperf } from '../testing/alperf.js';
import { AskedServer } from '../testing/asked-server.js';
import { FirstRejections } from './first-rejections.js';

describe('alperf send', () => {
  let cwd: string;
  let server: AskedServer;
  beforeAll(async () => {
    cwd = mkdtempSync(join(tmpdir(), 'alperf-send-'));
    server = await AskedServer.start({
      '/v1/events': () => ({
        status: 202,
        body: {
          accepted: 1,
          rejected: [{ index: 0, pointer: '/events/0/end', reason: 'too late' }],
          unknownFields: 0,
          capped: 0,
        },
      }),
    });
  });
  afterAll(async () => {
    await server.stop();
    rmSync(cwd, { recursive: true });
  });

  it('shows the first thousand rejections by line, its own and the collector’s, and says how many more there are', async () => {
    const good = JSON.stringify(aCacheWindow());
    writeFileSync(join(cwd, 'bad.ndjson'), `${good}\n${good}\n${'{\n'.repeat(5_000)}`);
    const send = (...args: string[]) => alperf(['send', 'bad.ndjson', '--endpoint', server.url, ...args], { cwd });
    const { code, out } = await send('--json');
    const { rejections, ...answer } = JSON.parse(out) as { rejections: { line: number; pointer: string }[] };
    expect(code).toBe(5);
    expect(answer).toMatchObject({ lines: 5_002, accepted: 1, rejected: 5_001, rejectionsLeftOut: 4_001 });
    expect(rejections).toHaveLength(1_000);
    expect(rejections[0]).toMatchObject({ line: 1, pointer: '/end' });
    expect(rejections[999]).toMatchObject({ line: 1_001 });
    const text = (await send()).out;
    expect(text).toContain('line 1001: the line is not JSON\n… and 4001 more, which are not shown');
    expect(text).toMatch(/\n1 event accepted in 1 batch, 5001 rejected\.\n$/);
  });

  it('tells how long it waits for a server that does not answer', async () => {
    writeFileSync(join(cwd, 'good.ndjson'), JSON.stringify(aCacheWindow()));
    const busy = await AskedServer.start({ '/v1/events': () => ({ status: 503, body: { detail: 'Not now.' } }) });
    try {
      const { code, said } = await alperf(['send', 'good.ndjson', '--endpoint', busy.url, '--wait', '0.6'], {
        cwd,
        random: () => 0.5,
      });
      expect([code, said]).toEqual([3, expect.stringContaining('Not now. Waiting 1 s for it …')]);
    } finally {
      await busy.stop();
    }
  });

  it('says nothing of more where all are shown', async () => {
    writeFileSync(join(cwd, 'one.ndjson'), '{\n');
    const { out } = await alperf(['send', 'one.ndjson', '--dry-run'], { cwd });
    expect(out).toBe('line 1: the line is not JSON\n0 events would be sent in 0 batches, 1 would be rejected.\n');
    const { out: json } = await alperf(['send', 'one.ndjson', '--dry-run', '--json'], { cwd });
    expect(JSON.parse(json)).toMatchObject({ rejected: 1, rejectionsLeftOut: 0 });
  });

  it.each([
    ['', 'nothing'],
    ['\n  \n', 'blank lines'],
  ])('takes a file with %j for a mistake (%s)', async (text) => {
    writeFileSync(join(cwd, 'empty.ndjson'), text);
    for (const dry of [[], ['--dry-run']]) {
      const args = ['send', 'empty.ndjson', '--endpoint', server.url, '--json', ...dry];
      const { code, out } = await alperf(args, { cwd });
      expect([code, JSON.parse(out)]).toMatchObject([
        2,
        { error: { code: 'EMPTY_INPUT', message: 'The file "empty.ndjson" holds no event.' }, exitCode: 2 },
      ]);
    }
  });

  it('keeps the first ones by line, in whatever order they come', () => {
    const first = new FirstRejections(3);
    for (const line of [9, 8, 7, 6, 5, 10, 4, 3]) first.add({ line, pointer: '', reason: '' });
    expect(first.shown.map(({ line }) => line)).toEqual([3, 4, 5]);
    expect([first.count, first.leftOut]).toEqual([8, 5]);
  });
});
