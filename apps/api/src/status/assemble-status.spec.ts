import { describe, expect, it } from '@jest/globals';
import type { PartitionProgress, ProgressReading } from '#libs/clickhouse';
import { PipelineStatus } from '#libs/contracts';
import type { PartitionReading } from '#libs/event-log';
import { Compile } from 'typebox/compile';
import { assembleStatus, type StatusInput, type StepReading } from './assemble-status.js';
import type { DatabaseReading } from './database-reading.js';

const AT = Date.UTC(2026, 10, 24, 12);
const notRead = { ok: false, detail: 'Not read yet.', value: undefined };
const read = <Value>(value: Value): StepReading<Value> => ({ ok: true, detail: 'Answers.', value });

const inLog = (over: Partial<PartitionReading> = {}): PartitionReading => ({
  partition: 0,
  earliest: 0,
  next: 10,
  committed: 10,
  lag: 0,
  ...over,
});
const SETTLED: ProgressReading['settled'] = { '10s': AT - 60_000, '1m': AT - 60_000, '1h': null };
const progressOf = (over: Partial<PartitionProgress> = {}): PartitionProgress => ({
  partition: 0,
  watermark: AT - 2_000,
  silent: false,
  idle: false,
  ...over,
});

const AUDIT: DatabaseReading['audit'] = {
  checked: 9,
  lost: 0,
  duplicated: 0,
  checkedAt: AT,
  checkedThrough: AT,
  minutesThrough: AT,
  hoursThrough: AT,
  lastFullCheckAt: AT,
};

function assembled(
  log: readonly PartitionReading[] | undefined,
  progress?: readonly PartitionProgress[],
  audit: Partial<DatabaseReading['audit']> = {},
  cache: Partial<DatabaseReading['cache']> = {},
) {
  const database: DatabaseReading | undefined = progress && {
    progress: { partitions: progress, settled: SETTLED },
    inserted: { at: 0, records: 1, events: 2 },
    byKind: { metric: 7 },
    exact: true,
    cache: { requests: 0, hits: 0, staleHits: 0, misses: 0, negativeHits: 0, errors: 0, ...cache },
    audit: { ...AUDIT, ...audit },
    deadLetters: 0,
    storage: { parts: 1, bytes: 1 },
  };
  const input: StatusInput = {
    at: AT,
    startedAt: AT,
    sqlPort: null,
    log: log === undefined ? notRead : read(log),
    database: database === undefined ? notRead : read(database),
    rates: log && progress && { recordsPerSecond: 3, acceptedPerSecond: 6, insertedPerSecond: 6 },
  };
  const status = assembleStatus(input);
  expect(Compile(PipelineStatus).Check(status)).toBe(true);
  return status;
}

describe('The status', () => {
  it('calls null what was never read, and not 0', () => {
    expect(assembled(undefined)).toMatchObject({
      rates: null,
      log: { lag: null, partitions: [] },
      watermark: { time: null, ageMs: null },
      settled: { '10s': null, '1m': null, '1h': null },
      totals: null,
      cache: null,
      audit: { checked: null, lost: null, duplicated: null, checkedThrough: null },
      deadLetters: null,
      storage: null,
    });
    expect(assembled([inLog({ lag: 4 })])).toMatchObject({
      rates: null,
      log: { lag: 4, partitions: [{ watermark: null, silent: null, idle: null }] },
      totals: null,
    });
  });

  it('has figures once both were read', () => {
    expect(assembled([inLog()], [progressOf()])).toMatchObject({
      rates: { recordsPerSecond: 3, acceptedPerSecond: 6, insertedPerSecond: 6 },
      log: { lag: 0 },
      watermark: { time: AT - 2_000, ageMs: 2_000 },
      settled: SETTLED,
      totals: { events: 7 },
      cache: { requests: 0, hitRatio: null },
      deadLetters: 0,
    });
  });

  it('counts stale and negative hits as hits in the ratio, which is never above 1', () => {
    const ratio = (cache: Partial<DatabaseReading['cache']>) =>
      assembled([inLog()], [progressOf()], {}, cache).cache?.hitRatio;
    expect(ratio({ requests: 10, hits: 4, staleHits: 2, negativeHits: 1, misses: 3 })).toBe(0.7);
    // The nearest tier's window is not in yet.
    expect(ratio({ requests: 1, hits: 2 })).toBe(1);
  });

  it('is checked through no time while the audit has nothing to compare', () => {
    const through = { checkedThrough: null, minutesThrough: null, hoursThrough: null };
    expect(assembled([inLog()], [progressOf()]).audit).toEqual(AUDIT);
    expect(assembled([inLog()], [progressOf()], { checked: 0 }).audit).toEqual({ ...AUDIT, checked: 0, ...through });
  });

  const headline = (log: readonly Partial<PartitionReading>[], progress: readonly Partial<PartitionProgress>[]) =>
    assembled(
      log.map((over, partition) => inLog({ partition, ...over })),
      progress.map((over, partition) => progressOf({ partition, ...over })),
    ).watermark.time;

  it('is complete to the least of where an emitter was heard', () => {
    expect(headline([{}, {}], [{ watermark: AT - 9_000 }, {}])).toBe(AT - 9_000);
  });

  it('is not held back by a partition in which nobody is heard, also while its buckets wait for their recount', () => {
    const burst = { watermark: AT - 300_000, silent: true, idle: false };
    expect(headline([{}, {}], [burst, {}])).toBe(AT - 2_000);
    expect(headline([{}], [burst])).toBeNull();
  });

  it('is held back by records that wait, although nobody was heard while they did', () => {
    const stuck = { watermark: AT - 300_000, silent: true };
    expect(headline([{ lag: 5 }, {}], [stuck, {}])).toBe(AT - 300_000);
    // Not even told of yet.
    expect(headline([{}, { lag: 5 }], [{}])).toBeNull();
  });

  it('is not held back by a partition that never had a record', () => {
    expect(headline([{}, { next: 0, committed: null }], [{}])).toBe(AT - 2_000);
  });
});
