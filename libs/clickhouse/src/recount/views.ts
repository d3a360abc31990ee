import { LEVELS, type Level } from '#libs/contracts';
import { countRaw, mergeFiner, ROLLUP, rollupColumns, ROLLUPS, rollupTable, type Rollup } from './rollups.js';

/** Up to raw_from nothing waits for a recount on any level, or retention would not have moved it there. */
const RAW_FROM = `(SELECT max(toDateTime(value, 'UTC')) FROM meta FINAL WHERE name = 'raw_from')`;

/**
 * How far all partitions in `progress` are settled. Least over those that are not idle; when all are, what the furthest
 * has (an idle one has nothing left to recount); 1970 at first.
 */
export const settledEverywhere = (level: Level) =>
  `if(countIf(idle = 0) = 0, max(settled_${level}), minIf(settled_${level}, idle = 0))`;

/**
 * The boundary that a query fixes once: up to it every bucket of the level has been recounted; what is later is
 * answered from the level below, and last from raw events.
 */
const boundary = (level: Level) => `greatest(${settledEverywhere(level)}, ${RAW_FROM})`;
const SETTLED = `(SELECT tuple(${LEVELS.map(boundary).join(', ')}) FROM progress FINAL) AS settled`;
const SETTLED_AT: Readonly<Record<Level, string>> = { '10s': 'settled.1', '1m': 'settled.2', '1h': 'settled.3' };

/** Goes up whenever a view's text changes, so that an older version does not put its own back. A test holds it. */
export const VIEWS_REVISION = 2;

export interface View {
  readonly name: string;
  readonly sql: string;
}

/** `cache`, `cache_by_1m`, `cache_by_1h` and the same of loads and metrics: settled rollups joined with the raw tail. */
export function answerViews(): View[] {
  return ROLLUPS.flatMap((name) =>
    LEVELS.map((level) => ({
      name: viewName(name, level),
      sql: `CREATE OR REPLACE VIEW ${viewName(name, level)} AS\nWITH ${SETTLED}\n${answer(ROLLUP[name], level)}`,
    })),
  );
}

export function viewName(rollup: string, level: Level): string {
  return level === '10s' ? rollup : `${rollup}_by_${level}`;
}

function answer(rollup: Rollup, level: Level): string {
  const columns = rollupColumns(rollup).join(', ');
  const tail = countRaw(rollup, `bucket_end > ${SETTLED_AT['10s']}`);
  if (level === '10s')
    return `SELECT ${columns} FROM ${rollupTable(rollup.name, '10s')} FINAL WHERE bucket_end <= ${SETTLED_AT['10s']}\nUNION ALL\nSELECT ${columns} FROM (${tail})`;
  const pieces = [`SELECT ${columns} FROM (${tail})`];
  for (const [index, finer] of LEVELS.entries()) {
    if (index > LEVELS.indexOf(level)) break;
    const above = LEVELS[index + 1];
    const from = above !== undefined && index < LEVELS.indexOf(level) ? ` AND bucket_end > ${SETTLED_AT[above]}` : '';
    pieces.push(
      `SELECT ${columns} FROM ${rollupTable(rollup.name, finer)} FINAL WHERE bucket_end <= ${SETTLED_AT[finer]}${from}`,
    );
  }
  return mergeFiner(rollup, level, `(${pieces.join('\nUNION ALL\n')})`);
}
