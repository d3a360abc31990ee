import type { PipelineStatus } from '#libs/contracts';
import { formatAge, formatCount, formatRate, UNKNOWN } from './format.js';

export type AuditVerdict = 'open' | 'nothing' | 'kept' | 'broken';

/** What each verdict is called. */
export const AUDIT_WORDS: Readonly<Record<AuditVerdict, string>> = {
  open: 'not checked yet',
  nothing: 'nothing to check yet',
  kept: 'exact',
  broken: 'not exact',
};

/** What the audit says of the promise. A difference that was found counts, also while other parts are not checked. Pure. */
export function auditVerdict(audit: PipelineStatus['audit'] | undefined): AuditVerdict {
  const { checked = null, lost = null, duplicated = null } = audit ?? {};
  if ((lost ?? 0) > 0 || (duplicated ?? 0) > 0) return 'broken';
  if (lost === null || duplicated === null) return 'open';
  return checked === 0 ? 'nothing' : 'kept';
}

/** How long ago the time lies up to which all is checked, ms; null while nothing was compared. Pure. */
export function checkedThroughAge(status: PipelineStatus | undefined): number | null {
  const { checked = null, checkedThrough = null } = status?.audit ?? {};
  if (status === undefined || checkedThrough === null || checked === null || checked === 0) return null;
  return status.at - checkedThrough;
}

/** How complete answers are, in a few words. Pure. */
export function completeTo({ watermark, log, steps }: PipelineStatus): string {
  if (watermark.ageMs !== null) return `complete to ${formatAge(watermark.ageMs)} ago`;
  if (!steps.clickhouse.ok || log.lag === null) return UNKNOWN;
  const fed = log.partitions.filter(({ next }) => next > 0);
  if (fed.length === 0) return 'no emitter heard yet';
  const isIn = log.lag === 0 && fed.every(({ silent }) => silent === true);
  return isIn ? 'complete, all is in' : 'not complete yet';
}

/** What is read out of a status. Pure. */
export function summary({ rates, totals, log, audit }: PipelineStatus): string {
  const figures = {
    'Events per second': formatRate(rates?.insertedPerSecond),
    'events held': formatCount(totals?.events),
    'records behind': formatCount(log.lag),
    audit: AUDIT_WORDS[auditVerdict(audit)],
    lost: formatCount(audit.lost),
    'counted twice': formatCount(audit.duplicated),
  };
  const said = Object.entries(figures).map(([name, figure]) => `${name}: ${figure === UNKNOWN ? 'unknown' : figure}`);
  return `${said.join(', ')}.`;
}
