import { describe, expect, it } from '@jest/globals';
import { alperf } from '../testing/alperf.js';
import { bytesOf } from './sizes.js';

describe('A size on the command line', () => {
  it.each([
    ['0', 0],
    ['67108864', 67_108_864],
    ['50_000_000', 50_000_000],
    ['1B', 1],
    ['64MiB', 64 * 2 ** 20],
    ['1.5 GiB', 1.5 * 2 ** 30],
    ['2TiB', 2 * 2 ** 40],
    ['10KiB', 10_240],
    ['10kB', 10_000],
    ['10KB', 10_000],
    ['50MB', 50e6],
    ['1.5GB', 1.5e9],
    ['2TB', 2e12],
  ])('%s is %d bytes', (text, bytes) => {
    expect(bytesOf(text)).toBe(bytes);
  });

  it.each(['', 'MiB', '-1', '1e6', '64M', '5 apples', '1.', '_1', '64mib', '9007199254740993', '99999TiB'])(
    '%j is none',
    (text) => {
      expect(bytesOf(text)).toBeUndefined();
    },
  );

  it('is taken alike, and refused in the same words, by every command', async () => {
    const refusal = async (option: string, ...argv: string[]) => {
      const ended = await alperf([...argv, `--${option}`, '5 apples', '--json'], { cwd: '/' });
      return [ended.code, JSON.parse(ended.out)] as const;
    };
    const disk = ['--tier', 'memory,disk', '--disk-path', 'x'];
    for (const [option, ...argv] of [
      ['max-bytes', 'simulate', 'trace.txt'],
      ['max-bytes', 'replay', 'trace.txt'],
      ['disk-max-bytes', 'replay', 'trace.txt', '--size', '5', ...disk],
      ['redis-max-bytes', 'replay', 'trace.txt', '--size', '5', '--tier', 'memory,redis'],
      ['max-bytes', 'cache', 'reader/pages', 'resize'],
      ['larger-than', 'cache', 'reader/pages', 'invalidate'],
    ] as const)
      expect(await refusal(option, ...argv)).toEqual([
        2,
        {
          error: {
            code: 'USAGE',
            message: expect.stringMatching(`^--${option} is "5 apples", not a number of bytes`),
            remedy: `Write --${option} 67108864, --${option} 64MiB or --${option} 50MB, for example; up to TiB and TB.`,
          },
          exitCode: 2,
        },
      ]);
  });
});
