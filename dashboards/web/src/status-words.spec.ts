import { describe, expect, it } from '@jest/globals';
import type { PipelineStatus, StatusPartition } from '#libs/contracts';
import { auditVerdict, checkedThroughAge, completeTo, summary } from './status-words.js';

const AT = Date.UTC(2026, 10, 24, 12);
const never = {
  checked: null,
  lost: null,
  duplicated: null,
  checkedAt: null,
  checkedThrough: null,
  lastFullCheckAt: null,
};
const aPartition = (over: Partial<StatusPartition> = {}): StatusPartition => ({
  partition: 0,
  earliest: 0,
  next: 10,
  committed: 10,
  lag: 0,
  watermark: AT,
  silent: false,
  idle: false,
  ...over,
});

/** Of a server that has just started and has read nothing yet. */
const aStatus = (over: Partial<PipelineStatus> = {}): PipelineStatus => ({
  at: AT,
  startedAt: AT,
  sql: { port: null },
  steps: { log: { ok: true, detail: '' }, clickhouse: { ok: true, detail: '' } },
  rates: null,
  log: { lag: null, partitions: [] },
  watermark: { time: null, ageMs: null },
  settled: { '10s': null, '1m': null, '1h': null },
  totals: null,
  cache: null,
  audit: never,
  deadLetters: null,
  storage: null,
  ...over,
});

describe('What the page says of the audit', () => {
  it.each([
    ['nothing, before the first status', undefined, 'open'],
    ['nothing, while a part was not looked at', never, 'open'],
    ['that there was nothing to check', { ...never, checked: 0, lost: 0, duplicated: 0 }, 'nothing'],
    ['that all is exact', { ...never, checked: 9, lost: 0, duplicated: 0 }, 'kept'],
    ['what was found, although not all is checked', { ...never, lost: 3 }, 'broken'],
    ['that something is counted twice', { ...never, checked: 9, lost: 0, duplicated: 1 }, 'broken'],
  ] as const)('is %s', (_, audit, verdict) => {
    expect(auditVerdict(audit)).toBe(verdict);
  });
});

describe('Up to when the page says that all is checked', () => {
  const through = { ...never, checkedThrough: AT - 60_000, lost: 0, duplicated: 0 };
  it.each([
    ['unknown, before the first status', undefined, null],
    ['unknown, while a part was not looked at', through, null],
    ['unknown, while there was nothing to check', { ...through, checked: 0 }, null],
    ['where every scope has been', { ...through, checked: 9 }, 60_000],
  ])('is %s', (_, audit, age) => {
    expect(checkedThroughAge(audit && aStatus({ audit }))).toBe(age);
  });
});

describe('How complete the page says that answers are', () => {
  const log = (lag: number | null, ...partitions: StatusPartition[]) => ({ log: { lag, partitions } });
  const away = { steps: { log: { ok: true, detail: '' }, clickhouse: { ok: false, detail: 'Away.' } } };
  it.each([
    ['while nothing was read', {}, '–'],
    ['while ClickHouse is away', { ...log(0, aPartition({ silent: true })), ...away }, '–'],
    ['before anything came', log(0, aPartition({ next: 0, silent: null })), 'no emitter heard yet'],
    ['while the first records wait', log(3, aPartition({ lag: 3, silent: null })), 'not complete yet'],
    ['when what was heard has no end yet', log(0, aPartition({ watermark: null })), 'not complete yet'],
    [
      'after a burst',
      log(0, aPartition({ silent: true }), aPartition({ next: 0, silent: null })),
      'complete, all is in',
    ],
    ['as time goes on', { watermark: { time: AT - 5_000, ageMs: 5_000 } }, 'complete to 5.0 s ago'],
  ])('%s', (_, over, words) => {
    expect(completeTo(aStatus(over))).toBe(words);
  });
});

it('What the page reads out calls unknown what is not known', () => {
  expect(summary(aStatus())).toBe(
    'Events per second: unknown, events held: unknown, records behind: unknown, audit: not checked yet, lost: unknown, counted twice: unknown.',
  );
  expect(
    summary(
      aStatus({
        rates: { recordsPerSecond: 1, acceptedPerSecond: 20, insertedPerSecond: 20 },
        totals: { events: 1_200, byKind: {}, exact: true },
        log: { lag: 0, partitions: [] },
        audit: { ...never, checked: 9, lost: 0, duplicated: 0 },
      }),
    ),
  ).toBe('Events per second: 20, events held: 1,200, records behind: 0, audit: exact, lost: 0, counted twice: 0.');
});
