import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '#libs/time/testing';
import { EXIT } from '../../command/exit-codes.js';
import { alperf } from '../../testing/alperf.js';
import { AskedServer } from '../../testing/asked-server.js';
import { untilEnough } from './action.js';
import { exitCodeOf, renderReport, reportOf, type InstanceOutcome } from './outcome.js';
import { leaving, withField } from './settings-action.js';

const PLACE = { service: 'reader', cache: 'pages', selector: 'all' };
const [A, B, C] = ['a', 'b', 'c'].map((one) => `00000000-0000-4000-8000-00000000000${one}`);

const about = { action: 'clear', dryRun: false, revision: null, command: null };
const applied: InstanceOutcome = { instance: A!, outcome: 'applied', connected: true, entries: 1_234, bytes: 2 ** 20 };
const refused: InstanceOutcome = {
  instance: B!,
  outcome: 'refused',
  connected: true,
  refused: 'bounds',
  reason: 'too much',
};
const gone: InstanceOutcome = { instance: C!, outcome: 'away', connected: false, reason: 'not connected' };
const silent: InstanceOutcome = { ...gone, connected: true, reason: 'no answer within 10 s' };

describe('What came of an action', () => {
  it.each([
    ['done', [applied], EXIT.ok],
    ['done where anybody listens', [applied, gone], EXIT.ok],
    ['refused by one', [applied, refused], EXIT.failed],
    ['not answered by one that listens', [applied, silent], EXIT.failed],
    ['done by nobody', [gone], EXIT.failed],
    ['for no instance', [], EXIT.failed],
  ] as const)('is %s', (_, outcomes, code) => {
    expect(exitCodeOf(reportOf(PLACE, about, outcomes))).toBe(code);
  });

  it('is told in sum and by instance, with the reason of each that did not', () => {
    expect(renderReport(reportOf(PLACE, about, [applied, refused, gone])).split('\n')).toEqual([
      'clear of reader/pages; applied in 1, refused in 1, away in 1; 1,234 entries, 1 MiB',
      `  ${A}  applied  1,234 entries  1 MiB`,
      `  ${B}  refused (bounds): too much`,
      `  ${C}  away: not connected`,
    ]);
    expect(renderReport(reportOf(PLACE, about, [{ ...applied, entries: 1 }]))).toContain('  applied  1 entry  1 MiB');
  });

  it('is told of settings with what was desired before and is after, where nothing has happened yet', () => {
    const would: InstanceOutcome = {
      instance: A!,
      outcome: 'applied',
      connected: true,
      before: {},
      after: { ttlMs: 5 },
    };
    const report = reportOf({ ...PLACE, selector: 'share:0.1' }, { ...about, action: 'ttl', dryRun: true }, [would]);
    expect(renderReport(report)).toBe(
      `ttl of reader/pages in share:0.1, dry run; would apply in 1\n  ${A}  would apply  the host's own → ttlMs=5`,
    );
  });
});

describe('A change of settings', () => {
  it.each([
    [{ entries: 10, bytes: 1_000 }, { maxEntries: 4 }, { entries: 6, bytes: 600 }],
    [{ entries: 10, bytes: 1_000 }, { maxBytes: 250 }, { entries: 8, bytes: 750 }],
    [
      { entries: 10, bytes: 1_000 },
      { maxEntries: 9, maxBytes: 500 },
      { entries: 5, bytes: 500 },
    ],
    [
      { entries: 10, bytes: 1_000 },
      { maxEntries: 10, maxBytes: 1_000 },
      { entries: 0, bytes: 0 },
    ],
    [{ entries: 10 }, { maxEntries: 0 }, { entries: 10, bytes: 0 }],
  ])('of a tier that holds %j to %j has %j leave', (held, limits, left) => {
    expect(leaving(held, limits)).toEqual(left);
  });

  it('leaves all other settings as they are', () => {
    const settings = { policy: 'lru' as const, tiers: { memory: { maxBytes: 5 } } };
    expect(withField(settings, 'paused', true)).toEqual({ ...settings, paused: true });
    expect(withField({ ...settings, paused: true }, 'paused', undefined)).toEqual(settings);
  });
});

describe('Waiting for instances', () => {
  it('ends when it is enough, or with what there is when the time is over', async () => {
    const clock = new FakeClock();
    let looks = 0;
    const wait = (enough: number) =>
      untilEnough(
        async () => ++looks,
        (seen) => seen >= enough,
        { clock, signal: new AbortController().signal, waitMs: 1_000 },
      );
    expect(await wait(1)).toBe(1);
    const never = wait(1_000);
    for (let i = 0; i < 20; i++) await clock.advance(100);
    expect(await never).toBe(7);
  });
});

describe('What cannot be understood', () => {
  it.each([
    ['resize'],
    ['resize', '--max-bytes', '5 apples'],
    ['resize', '--max-bytes', '5', '--reset'],
    ['resize', '--max-entries', '-5'],
    ['resize', '--max-entries', '5', '--tier', 'Memory'],
    ['policy'],
    ['policy', 'fifo'],
    ['policy', 'lru', '--reset'],
    ['ttl'],
    ['ttl', '5'],
    ['clear', '--selector', 'some'],
    ['clear', '--wait', 'long'],
    ['invalidate'],
    ['invalidate', '--key', 'k', '--tag', 't'],
    ['invalidate', '--prefix', 'k', '--negative'],
    ['invalidate', '--key', '{', '--structured'],
    ['invalidate', '--prefix', '{"a":1', '--structured'],
    ['clean'],
  ])('is exit code 2 before anybody is asked: %s %s %s', async (...argv) => {
    const server = await AskedServer.start();
    try {
      const ended = await alperf(['cache', 'pages', ...argv, '--endpoint', server.url, '--json'], { cwd: '/' });
      expect([ended.code, JSON.parse(ended.out)]).toEqual([
        2,
        { error: expect.objectContaining({ code: 'USAGE', remedy: expect.stringMatching(/./) }), exitCode: 2 },
      ]);
      expect(server.asked).toEqual([]);
    } finally {
      await server.stop();
    }
  });
});
