import { describe, expect, it } from '@jest/globals';
import { dropBefore, expired, KEPT, rawFromAt } from './keep.js';

const now = Date.UTC(2026, 5, 20, 12);
const HOUR_MS = 3_600_000;
const LATENESS_MS = 48 * HOUR_MS;
const of = (table: string) => KEPT.find((one) => one.table === table)!;
const drops = (table: string, partition: string, openMarks: number[] = []) =>
  expired(of(table), [partition], dropBefore(of(table), now, rawFromAt(now, LATENESS_MS)), openMarks);
const names = Object.entries({
  cache_windows: '2026-06-16',
  cache_10s: '2026-06-12',
  cache_1m: '202604',
  cache_1h: '2023',
});

describe('What is kept', () => {
  it.each(names)('drops a partition of %s that is wholly older than the table keeps: %s', (table, partition) => {
    expect(drops(table, partition)).toEqual([partition]);
  });

  it.each(
    Object.entries({ cache_windows: '2026-06-17', cache_10s: '2026-06-13', cache_1m: '202605', cache_1h: '2024' }),
  )('keeps a partition of %s that may hold something younger: %s', (table, partition) => {
    expect(drops(table, partition)).toEqual([]);
  });

  it('keeps a day while a bucket of it, or before it, waits for its recount', () => {
    const open = Date.UTC(2026, 5, 16, 9);
    expect(drops('cache_windows', '2026-06-16', [open])).toEqual([]);
    expect(drops('cache_windows', '2026-06-15', [open])).toEqual(['2026-06-15']);
  });

  it('drops nothing whose name it cannot read', () => {
    expect(expired(of('cache_windows'), ['all', ''], now, [])).toEqual([]);
  });

  it('gives up raw events by whole days, and never before a day more than the lateness allowed', () => {
    expect(rawFromAt(now, LATENESS_MS)).toBe(Date.UTC(2026, 5, 17));
    for (const lateHours of [1, 47, 48, 49, 144])
      expect(now - rawFromAt(now, lateHours * HOUR_MS)).toBeGreaterThanOrEqual((lateHours + 24) * HOUR_MS);
  });
});
