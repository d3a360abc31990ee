import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { askedLimits } from './cache-size.js';
import { TraceFile } from './trace-file.js';

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
    await expect(problem('empty.txt')).rejects.toThrow(/empty\.txt" is empty/);
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

  it('shows every way to write a size', () => {
    const size = (text: string | undefined) => () =>
      askedLimits({
        argument: () => undefined,
        text: (name) => (name === 'size' ? text : undefined),
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
