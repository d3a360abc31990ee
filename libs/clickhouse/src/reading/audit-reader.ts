import type { PipelineStatus } from '#libs/contracts';
import { DAY_MS } from '#libs/time';
import { timeOf, type RowReader } from './row-reader.js';

/** What the audit last found; null before every scope was looked at, which is not the same as 0. */
export type AuditReading = PipelineStatus['audit'];

/** How far back the audit's rows are looked at: a scope that has not been heard of for longer is not vouched for. */
const HEARD_MS = 2 * DAY_MS;

/** How far back an ordinary look goes: by the projection in the order of time it reads that much and no more. */
const RECENT_MS = 5 * 60_000;

/** How often a look goes all the way back; less than RECENT_MS, so that nothing falls in between. */
const ALL_EVERY_MS = 4 * 60_000;

/** Rows dated further ahead are of a clock that was wrong: taken for the latest, they would hide all that follow. */
export const AUDIT_AHEAD_MS = 5 * 60_000;

/**
 * Reads where the audit stands. The table has a row for each scope and round, 172,800 of ten scopes in two days: all of
 * them are read every few minutes only, for the scopes that have said nothing lately. In between the newest are read and
 * laid over what is known.
 */
export class AuditReader {
  #known: ReadonlyMap<string, ScopeRow> = new Map();
  #allAt: number | undefined;

  constructor(private readonly reader: RowReader) {}

  /**
   * The latest findings of all scopes, added up, and the times of the scope that is furthest behind: of those that must be
   * there, `log` and `raw` for each partition and the rollups, one that is not heard of or has not looked at anything yet
   * makes them null, and with them a sum of 0.
   * @param partitions that have progress.
   * @throws what the reader throws.
   */
  async read(now: number, partitions: readonly number[]): Promise<AuditReading> {
    const all = this.#allAt === undefined || Math.abs(now - this.#allAt) >= ALL_EVERY_MS;
    const rows = await this.reader.rows<ScopeRow>(
      `SELECT scope, argMax(checked, time) AS checked, argMax(lost, time) AS lost,
          argMax(duplicated, time) AS duplicated, max(toUnixTimestamp64Milli(time)) AS at,
          argMax(toUnixTimestamp64Milli(checked_through), time) AS through,
          maxIf(toUnixTimestamp64Milli(checked_through), checked_through <= time) AS reached,
          maxIf(toUnixTimestamp64Milli(time), full = 1) AS full_at
        FROM audit WHERE time > fromUnixTimestamp64Milli({since:Int64}, 'UTC')
          AND time <= fromUnixTimestamp64Milli({until:Int64}, 'UTC') GROUP BY scope`,
      { since: now - (all ? HEARD_MS : RECENT_MS), until: now + AUDIT_AHEAD_MS },
    );
    const found = new Map(rows.map((row) => [row.scope, row]));
    this.#known = all ? found : laidOver(this.#known, found);
    if (all) this.#allAt = now;
    return summed(this.#known, partitions);
  }
}

/** Both know of a scope: the later row is where it stands, and the later full check is the last one. */
function laidOver(
  known: ReadonlyMap<string, ScopeRow>,
  found: ReadonlyMap<string, ScopeRow>,
): ReadonlyMap<string, ScopeRow> {
  const all = new Map(known);
  for (const [scope, row] of found) {
    const before = known.get(scope);
    const later = before !== undefined && Number(before.at) > Number(row.at) ? before : row;
    all.set(scope, {
      ...later,
      full_at: Math.max(Number(before?.full_at ?? 0), Number(row.full_at)),
      reached: Math.max(Number(before?.reached ?? 0), Number(row.reached)),
    });
  }
  return all;
}

function summed(found: ReadonlyMap<string, ScopeRow>, partitions: readonly number[]): AuditReading {
  const rows = [...found.values()];
  const minutes = [...partitions.flatMap((partition) => [`log/${partition}`, `raw/${partition}`]), 'rollups'].map(
    (scope) => found.get(scope),
  );
  const hours = found.get('rollups/1h');
  const expected = [...minutes, hours];
  const complete = expected.every(hasLooked);
  const sum = (of: (row: ScopeRow) => number) => {
    const all = rows.reduce((total, row) => total + Number(of(row)), 0);
    return complete || all > 0 ? all : null;
  };
  const least = (times: readonly number[]) => timeOf(Math.min(...times));
  return {
    checked: complete ? sum((row) => row.checked) : null,
    lost: sum((row) => row.lost),
    duplicated: sum((row) => row.duplicated),
    checkedAt: least(expected.map((row) => Number(row?.at ?? 0))),
    checkedThrough: least(expected.map((row) => (hasLooked(row) ? Number(row.through) : 0))),
    minutesThrough: least(minutes.map((row) => (hasLooked(row) ? Number(row.reached) : 0))),
    hoursThrough: timeOf(hasLooked(hours) ? hours.reached : 0),
    lastFullCheckAt: least(expected.map((row) => Number(row?.full_at ?? 0))),
  };
}

/** Whether a scope vouches for anything: it was gone through once, if only to find it empty, or has compared something. */
function hasLooked(row: ScopeRow | undefined): row is ScopeRow {
  return row !== undefined && (Number(row.full_at) > 0 || Number(row.checked) > 0);
}

interface ScopeRow {
  readonly scope: string;
  readonly checked: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly at: number;
  readonly through: number;
  /** The furthest it was ever through. */
  readonly reached: number;
  readonly full_at: number;
}
