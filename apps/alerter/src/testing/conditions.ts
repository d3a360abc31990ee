import type { AuditReading } from '#libs/clickhouse';
import type { PartitionReading } from '#libs/event-log';
import { DAY_MS } from '#libs/time';
import type { DatabaseCondition, PipelineCondition } from '../evaluate/condition.js';

export const AT = Date.UTC(2026, 10, 24, 12);

/** An audit that has checked all, just now. */
export function anAudit(over: Partial<AuditReading> = {}, at = AT): AuditReading {
  return {
    checked: 9,
    lost: 0,
    duplicated: 0,
    checkedAt: at,
    checkedThrough: at,
    minutesThrough: at,
    hoursThrough: at,
    lastFullCheckAt: at,
    ...over,
  };
}

/** A database that says that all is well. */
export function aDatabase(over: Partial<DatabaseCondition> = {}, at = AT): DatabaseCondition {
  const auditWatched = { from: at - DAY_MS, movedAt: at };
  return { watermarks: new Map([[0, at]]), audit: anAudit({}, at), auditWatched, deadLetters: [], ...over };
}

export function aPartition(over: Partial<PartitionReading> = {}): PartitionReading {
  return { partition: 0, earliest: 0, next: 10, committed: 10, lag: 0, ...over };
}

/** A pipeline that is well. */
export function aCondition(over: Partial<PipelineCondition> = {}): PipelineCondition {
  const at = over.at ?? AT;
  return { at, log: { ok: true, value: [aPartition()] }, database: { ok: true, value: aDatabase({}, at) }, ...over };
}
