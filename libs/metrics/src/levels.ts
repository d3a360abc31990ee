import { EVENT_TABLES, LEVEL_KEPT_MS, LEVEL_MS, LEVELS, type Level } from '#libs/contracts';
import type { Metric } from './metric.js';

const DAY_MS = 86_400_000;

/** How much before its arrival an event may lie by default, ms (`ALPERF_LATE_HOURS`). */
export const DEFAULT_LATENESS_MS = 2 * DAY_MS;

/** One place where a metric is found, and how far back that goes. */
export interface MetricLevel {
  readonly level: 'raw' | Level;
  readonly table: string;
  /** Distance of the finest answers, ms. Raw windows of desktop apps are of 10 s. */
  readonly stepMs: number;
  /** How long it is kept, ms, at least: partitions go whole. */
  readonly keptMs: number;
}

const RAW_TABLES = { cache: 'cache.window', loads: 'load.finished', metrics: 'metric' } as const;

/**
 * Where a metric is found, finest first: raw events, then the rollups. Empty for what programs only export.
 *
 * @param latenessMs how late events may be; raw ones are kept a day longer
 */
export function levelsOf({ stored }: Pick<Metric, 'stored'>, latenessMs = DEFAULT_LATENESS_MS): readonly MetricLevel[] {
  if (stored.in === 'exposition') return [];
  const rollup = stored.in;
  return [
    { level: 'raw', table: EVENT_TABLES[RAW_TABLES[rollup]].table, stepMs: 1_000, keptMs: latenessMs + DAY_MS },
    ...LEVELS.map((level) => ({
      level,
      table: `${rollup}_${level}`,
      stepMs: LEVEL_MS[level],
      keptMs: LEVEL_KEPT_MS[level],
    })),
  ];
}
