import { describe, expect, it } from '@jest/globals';
import type { CacheDescription } from '#libs/contracts';
import { FakeClock } from '#libs/time/testing';
import { EXIT } from '../../command/exit-codes.js';
import { alperf } from '../../testing/alperf.js';
import { AskedServer } from '../../testing/asked-server.js';
import { untilEnough } from './action.js';
import { ownRefusal, tookAllTheSame } from './own-refusal.js';
import { exitCodeOf, renderReport, reportOf, type InstanceOutcome } from './outcome.js';
import { leaving, withField } from './settings-action.js';

const PLACE = { service: 'reader', cache: 'pages', selector: 'all' };
const [A, B, C] = ['a', 'b', 'c'].map((one) => `00000000-0000-4000-8000-00000000000${one}`);

const about = { action: 'clear', dryRun: false, revision: null, command: null, tiers: ['memory'] };
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

  it('is counted in each tier, which is said where there are several', () => {
    const report = reportOf(PLACE, { ...about, tiers: ['memory', 'disk'] }, [{ ...applied, entries: 2 }]);
    expect(report).toMatchObject({ tiers: ['memory', 'disk'], entries: 2 });
    expect(renderReport(report).split('\n')[0]).toBe(
      'clear of reader/pages; applied in 1; 2 entries in all tiers, 1 MiB',
    );
  });

  it('is told with the command that takes back what stays desired although it was refused', () => {
    const takeBack = 'cache reader/pages resize --tier memory --reset';
    const report = reportOf(PLACE, { ...about, action: 'resize', takeBack }, [applied, refused]);
    expect(report.takeBack).toBe(takeBack);
    expect(renderReport(report).split('\n').at(-1)).toBe(
      `What was refused stays desired, for whenever it is allowed. To take it back: npm run --silent alperf -- ${takeBack}`,
    );
  });

  it('is done where what was asked for is in force, whatever else is refused there', () => {
    const note = 'memory.maxBytes is 5; the host allows 0 to 1';
    const paused: InstanceOutcome = { ...gone, connected: true, outcome: 'applied', inForce: { paused: true }, note };
    const report = reportOf(PLACE, { ...about, action: 'pause' }, [paused]);
    expect(exitCodeOf(report)).toBe(EXIT.ok);
    expect(renderReport(report)).toContain(`applied  paused=true  (of what else is desired it refuses: ${note})`);
    const given: InstanceOutcome = { instance: A!, outcome: 'applied', connected: true, inForce: {} };
    expect(renderReport(reportOf(PLACE, { ...about, action: 'ttl' }, [given]))).toContain(
      '  applied  as the host has it',
    );
  });

  it('is told of settings with what was desired before and is after, where nothing has happened yet', () => {
    const would: InstanceOutcome = {
      instance: A!,
      outcome: 'applied',
      connected: true,
      before: {},
      after: { ttlMs: 900_000, 'memory.maxBytes': 4_194_304 },
    };
    const report = reportOf({ ...PLACE, selector: 'share:0.1' }, { ...about, action: 'ttl', dryRun: true }, [would]);
    expect(renderReport(report)).toBe(
      `ttl of reader/pages in share:0.1, dry run; would apply in 1\n  ${A}  would apply  as the host has it → ttlMs=15 min memory.maxBytes=4 MiB`,
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

describe('What an instance refuses', () => {
  const description: CacheDescription = {
    cache: 'pages',
    tiers: [{ tier: 'memory' }],
    settings: { 'memory.maxBytes': 100, paused: true },
    bounds: { tiers: { memory: { maxBytes: 100 } }, operations: ['settings'] },
  };

  it.each([
    [{ tiers: { memory: { maxBytes: 100 } } }, undefined],
    [{ tiers: { memory: { maxBytes: 101 } } }, 'bounds'],
    [{ tiers: { disk: { maxBytes: 5 } } }, 'unsupported'],
    [{ paused: true }, 'not_allowed'],
    [{}, undefined],
  ])('of %j alone is %s', (settings, refused) => {
    expect(ownRefusal(settings, description)?.refused).toBe(refused);
  });

  it('is nothing that an action is for where that is in force, or was given back and other bounds are the reason', () => {
    const took = (settings: object, refused: string) => tookAllTheSame(settings, { refused }, description);
    expect(took({ paused: true }, 'bounds')).toBe(true);
    expect(took({ ttlMs: 5 }, 'bounds')).toBe(false);
    expect([took({}, 'bounds'), took({}, 'failed')]).toEqual([true, false]);
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
