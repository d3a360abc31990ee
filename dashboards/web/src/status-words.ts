import type { PipelineStatus } from '#libs/contracts';
import { HOUR_MS, MINUTE_MS } from '#libs/time';
import { formatAge, formatCount, formatRate, UNKNOWN } from './format.js';

export type AuditVerdict = 'open' | 'nothing' | 'behind' | 'kept' | 'broken';

/** What each verdict is called. */
export const AUDIT_WORDS: Readonly<Record<AuditVerdict, string>> = {
  open: 'not checked yet',
  nothing: 'nothing to check yet',
  behind: 'exact so far, checking',
  kept: 'exact',
  broken: 'not exact',
};

/** For how long the audit may be behind what has just settled, ms: a few of its rounds. */
const GRACE_MS = 2 * MINUTE_MS;
const BUCKET_MS = { '1m': MINUTE_MS, '1h': HOUR_MS };

/** What the audit says of the promise. A difference that was found counts, also while other parts are not checked. Pure. */
export function auditVerdict(status: PipelineStatus | undefined): AuditVerdict {
  const { checked = null, lost = null, duplicated = null } = status?.audit ?? {};
  if ((lost ?? 0) > 0 || (duplicated ?? 0) > 0) return 'broken';
  if (lost === null || duplicated === null) return 'open';
  if (status === undefined || checked === 0) return 'nothing';
  const { at, settled, audit } = status;
  const reached = { '1m': audit.minutesThrough, '1h': audit.hoursThrough };
  const isBehind = (['1m', '1h'] as const).some((level) => (reached[level] ?? 0) < due(at, level, settled[level] ?? 0));
  return isBehind ? 'behind' : 'kept';
}

/** Up to when buckets must have been checked: those that settled just now need not be. */
function due(at: number, level: '1m' | '1h', settled: number): number {
  return at - settled < GRACE_MS ? settled - BUCKET_MS[level] : settled - GRACE_MS;
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
export function summary(status: PipelineStatus): string {
  const { rates, totals, log, audit } = status;
  const figures = {
    'Events per second': formatRate(rates?.insertedPerSecond),
    'events held': formatCount(totals?.events),
    'records behind': formatCount(log.lag),
    audit: AUDIT_WORDS[auditVerdict(status)],
    lost: formatCount(audit.lost),
    'counted twice': formatCount(audit.duplicated),
  };
  const said = Object.entries(figures).map(([name, figure]) => `${name}: ${figure === UNKNOWN ? 'unknown' : figure}`);
  return `${said.join(', ')}.`;
}
