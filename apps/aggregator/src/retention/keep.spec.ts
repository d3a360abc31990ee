import { describe, expect, it } from '@jest/globals';
import { expired, KEPT, rawFromAt } from './keep.js';

const now = Date.UTC(2026, 5, 20, 12);
const of = (table: string) => KEPT.find((one) => one.table === table)!;
const names = Object.entries({
  cache_windows: '2026-06-16',
  cache_10s: '2026-06-12',
  cache_1m: '202604',
  cache_1h: '2023',
});

describe('What is kept', () => {
  it.each(names)('drops a partition of %s that is wholly older than the table keeps: %s', (table, partition) => {
    expect(expired(of(table), [partition], now, [])).toEqual([partition]);
  });

  it.each(
    Object.entries({ cache_windows: '2026-06-17', cache_10s: '2026-06-13', cache_1m: '202605', cache_1h: '2024' }),
  )('keeps a partition of %s that may hold something younger: %s', (table, partition) => {
    expect(expired(of(table), [partition], now, [])).toEqual([]);
  });

  it('keeps a day while a bucket of it, or before it, waits for its recount', () => {
    const open = Date.UTC(2026, 5, 16, 9);
    expect(expired(of('cache_windows'), ['2026-06-16'], now, [open])).toEqual([]);
    expect(expired(of('cache_windows'), ['2026-06-15'], now, [open])).toEqual(['2026-06-15']);
  });

  it('drops nothing whose name it cannot read', () => {
    expect(expired(of('cache_windows'), ['all', ''], now, [])).toEqual([]);
  });

  it('gives up raw events by whole days, and never before 72 hours', () => {
    expect(rawFromAt(now)).toBe(Date.UTC(2026, 5, 17));
    expect(now - rawFromAt(now)).toBeGreaterThanOrEqual(72 * 3_600_000);
  });
});
