import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { SystemClock } from '#libs/time';
import { FakeClock } from '#libs/time/testing';
import { alperf } from '../testing/alperf.js';
import { AskedServer } from '../testing/asked-server.js';
import { askedLimits } from '../trace/cache-size.js';
import { TraceFile } from '../trace/trace-file.js';

describe('What a replay says to common mistakes', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'alperf-mistakes-'));
    writeFileSync(join(folder, 'empty.txt'), '');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('tells a path that leads nowhere from a folder and from an empty file', async () => {
    const problem = (name: string) => TraceFile.open(join(folder, name), { format: 'auto' });
    await expect(problem('nothing.txt')).rejects.toThrow(/There is no trace .*nothing\.txt/);
    await expect(problem('')).rejects.toThrow(/is a folder/);
    await expect(problem('empty.txt')).rejects.toThrow(/The file ".*empty\.txt" holds no key/);
  });

  it('finds what is wrong with a trace before anything is replayed', async () => {
    const check = async (name: string, content: string | Buffer) => {
      writeFileSync(join(folder, name), content);
      await (await TraceFile.open(join(folder, name), { format: 'auto' })).checkBeginning();
    };
    const lines = Array.from({ length: 20_000 }, (_, i) => `k${(i * 7919) % 4_999}\n`).join('');
    const whole = gzipSync(lines);
    await check('whole.gz', whole);
    await expect(check('cut.gz', whole.subarray(0, -100))).rejects.toThrow(/cut\.gz cannot be unpacked/);
    await expect(check('blank.txt', '\n\n#key,size\n')).rejects.toThrow(/holds no key/);
    await expect(check('sizes.csv', 'a,1\nb,large\n')).rejects.toThrow('Line 2 of the trace: "large" is not a size.');
  });

  it('refuses to keep to times that a trace does not have, before a server is asked anything', async () => {
    const server = await AskedServer.start();
    try {
      const replay = (name: string, content: string, ...args: string[]) => {
        writeFileSync(join(folder, name), content);
        const argv = ['replay', name, '--size', '10', '--endpoint', server.url, '--wait', '0.1', '--json', ...args];
        return alperf(argv, { cwd: folder });
      };
      for (const [name, content] of [
        ['keys.txt', 'a\nb\n'],
        ['sizes.csv', 'a,1\nb,2\n'],
        ['named.csv', '#key,size\na,1\n'],
        ['none.csv', '#key,size,time\na,1,\n'],
      ] as const) {
        const { code, out } = await replay(name, content, '--speed', '10');
        expect([name, code]).toEqual([name, 2]);
        expect(JSON.parse(out)).toMatchObject({
          error: { message: expect.stringContaining('have no time'), remedy: expect.stringContaining('--rate') },
        });
      }
      expect(server.asked).toEqual([]);
      // With times it goes on to the server, which is none.
      expect((await replay('timed.csv', 'a,1,5\n', '--speed', '10')).out).not.toContain('have no time');
      expect(server.asked).not.toEqual([]);
    } finally {
      await server.stop();
    }
  });

  it.each([
    [[], 10],
    [['--wait', '60'], 60],
    [['--wait', '2'], 2],
  ])('waits for a server that never answered as long as it says, with %j', async (options, seconds) => {
    writeFileSync(join(folder, 'two.txt'), 'a\nb\n');
    const server = await AskedServer.start();
    const { url } = server;
    await server.stop();
    const clock = new FakeClock();
    const startedAt = clock.monotonic();
    const replay = alperf(['replay', 'two.txt', '--size', '10', '--endpoint', url, ...options], { cwd: folder, clock });
    const ended = replay.then(() => true);
    while (!(await Promise.race([ended, new SystemClock().sleep(1).then(() => false)]))) await clock.advance(500);
    const { code, said } = await replay;
    expect([code, said]).toEqual([3, expect.stringContaining(`Waiting ${seconds} s for it …`)]);
    const waited = (clock.monotonic() - startedAt) / 1_000;
    expect(waited).toBeGreaterThan(seconds);
  });

  it('shows every way to write a size', () => {
    const size = (text: string | undefined) => () =>
      askedLimits({
        argument: () => undefined,
        text: (name) => (name === 'size' ? text : undefined),
        texts: () => [],
        flag: () => false,
        json: false,
      });
    const remedy = expect.stringMatching(/--size 1000 .*--size 10% .*--max-bytes/);
    for (const given of ['banana', '10k', '-1', undefined])
      expect(size(given)).toThrow(expect.objectContaining({ remedy }));
    expect(size('0')).toThrow('not a whole number from 1');
    expect(size('1_000')()).toMatchObject({ maxEntries: 1_000 });
  });
});
