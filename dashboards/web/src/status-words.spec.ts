import { describe, expect, it } from '@jest/globals';
import type { PipelineStatus, StatusPartition } from '#libs/contracts';
import { auditFigures, auditVerdict, completeTo, summary } from './status-words.js';

const AT = Date.UTC(2026, 10, 24, 12);
const never = {
  checked: null,
  lost: null,
  duplicated: null,
  checkedAt: null,
  checkedThrough: null,
  minutesThrough: null,
  hoursThrough: null,
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
  const MINUTE = 60_000;
  const checked = { ...never, checked: 9, lost: 0, duplicated: 0, checkedAt: AT };
  /** Settled and checked some time ago, ms: 1 min buckets and those of 1 h. */
  const reached = (minutes: [settled: number, checked: number], hours: [settled: number, checked: number]) => ({
    settled: { '10s': AT, '1m': AT - minutes[0], '1h': AT - hours[0] },
    audit: { ...checked, minutesThrough: AT - minutes[1], hoursThrough: AT - hours[1] },
  });
  const holding = (...partitions: StatusPartition[]) => ({ log: { lag: 0, partitions } });
  it.each([
    ['nothing, while a part was not looked at', { audit: never }, 'open'],
    ['that there was nothing to check', { audit: { ...checked, checked: 0 } }, 'nothing'],
    ['what was found, although not all is checked', { audit: { ...never, lost: 3 } }, 'broken'],
    ['that something is counted twice', { audit: { ...checked, duplicated: 1 } }, 'broken'],
    ['that all is exact that is settled', reached([90_000, 90_000], [20 * MINUTE, 20 * MINUTE]), 'kept'],
    ['the same while what settled just now waits', reached([50_000, 110_000], [MINUTE, 61 * MINUTE]), 'kept'],
    ['that it is behind with what came', reached([50_000, 10 * MINUTE], [20 * MINUTE, 20 * MINUTE]), 'behind'],
    ['that it is behind with whole hours', reached([90_000, 90_000], [20 * MINUTE, 80 * MINUTE]), 'behind'],
    [
      'that it is behind while minutes of what is held are not settled',
      {
        ...reached([10 * MINUTE, 10 * MINUTE], [20 * MINUTE, 20 * MINUTE]),
        ...holding(aPartition()),
      },
      'behind',
    ],
    [
      'that all is exact when nothing held is later than what is settled',
      {
        ...reached([10 * MINUTE, 10 * MINUTE], [20 * MINUTE, 20 * MINUTE]),
        ...holding(aPartition({ watermark: AT - 12 * MINUTE, silent: true }), aPartition({ watermark: null })),
      },
      'kept',
    ],
    [
      'nothing, while ClickHouse does not answer and what was read is old',
      {
        ...reached([90_000, 90_000], [20 * MINUTE, 20 * MINUTE]),
        steps: { log: { ok: true, detail: '' }, clickhouse: { ok: false, detail: 'Away.' } },
      },
      'open',
    ],
    [
      'that it is behind while nobody has checked for minutes',
      {
        settled: { '10s': AT, '1m': AT - 90_000, '1h': AT - 20 * MINUTE },
        audit: { ...checked, checkedAt: AT - 6 * MINUTE, minutesThrough: AT - 90_000, hoursThrough: AT - 20 * MINUTE },
      },
      'behind',
    ],
    [
      'that it is behind while records have waited for minutes',
      {
        ...reached([90_000, 90_000], [20 * MINUTE, 20 * MINUTE]),
        log: { ...holding(aPartition({ watermark: AT - 4 * MINUTE })).log, lag: 5_000_000 },
        watermark: { time: AT - 4 * MINUTE, ageMs: 4 * MINUTE },
      },
      'behind',
    ],
    ['the same of a time when nothing comes any more', reached([60 * MINUTE, 63 * MINUTE], [0, 0]), 'behind'],
  ] as const)('is %s', (_, over, verdict) => {
    expect(auditVerdict(aStatus(over))).toBe(verdict);
  });

  it('has no figures of what it had nothing to check of', () => {
    const nothing = { lost: null, duplicated: null };
    expect(auditFigures(undefined)).toEqual(nothing);
    expect(auditFigures(aStatus({ audit: { ...checked, checked: 0 } }))).toEqual(nothing);
    expect(auditFigures(aStatus({ audit: checked }))).toMatchObject({ lost: 0, duplicated: 0 });
    expect(summary(aStatus({ audit: { ...checked, checked: 0 } }))).toContain('lost: unknown, counted twice: unknown.');
  });

  it('is nothing before the first status', () => {
    expect(auditVerdict(undefined)).toBe('open');
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
        audit: { ...never, checked: 9, lost: 0, duplicated: 0, checkedAt: AT },
      }),
    ),
  ).toBe('Events per second: 20, events held: 1,200, records behind: 0, audit: exact, lost: 0, counted twice: 0.');
});
