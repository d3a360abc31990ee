import { describe, expect, it } from '@jest/globals';
import { ROLLUP, rollupTable } from '#libs/clickhouse';
import { HOUR_MS } from '#libs/time';
import { CATALOGUE } from './catalogue/catalogue.js';
import { levelsOf } from './levels.js';

describe('levelsOf', () => {
  it.each(CATALOGUE.map((metric) => [metric.name, metric] as const))('names tables that there are: %s', (_, metric) => {
    if (metric.stored.in === 'exposition') return expect(levelsOf(metric)).toEqual([]);
    const rollup = metric.stored.in;
    expect(levelsOf(metric).map(({ table }) => table)).toEqual([
      ROLLUP[rollup].rawTable,
      ...(['10s', '1m', '1h'] as const).map((level) => rollupTable(rollup, level)),
    ]);
  });

  it('goes further back the coarser it is', () => {
    const levels = levelsOf({ stored: { in: 'metrics' } });
    expect(levels.map(({ level, stepMs, keptMs }) => [level, stepMs, keptMs / HOUR_MS])).toEqual([
      ['raw', 1_000, 72],
      ['10s', 10_000, 7 * 24],
      ['1m', 60_000, 30 * 24],
      ['1h', 3_600_000, 730 * 24],
    ]);
  });

  it('keeps raw events a day longer than events may be late', () => {
    expect(levelsOf({ stored: { in: 'metrics' } }, HOUR_MS)[0]?.keptMs).toBe(25 * HOUR_MS);
  });
});
