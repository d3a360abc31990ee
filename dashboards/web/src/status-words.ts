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

/** How far what is settled may be behind the events that are held, ms: a minute, its recount, and some. */
const UNSETTLED_MS = 3 * MINUTE_MS;

/** Rounds of the audit are seconds apart; without one for so long it does not run, ms. */
const STALE_MS = 5 * MINUTE_MS;

/** What the audit says of the promise. A difference that was found counts, also while other parts are not checked. Pure. */
export function auditVerdict(status: PipelineStatus | undefined): AuditVerdict {
  const { checked = null, lost = null, duplicated = null } = status?.audit ?? {};
  if ((lost ?? 0) > 0 || (duplicated ?? 0) > 0) return 'broken';
  if (lost === null || duplicated === null) return 'open';
  // What was read before says nothing of now.
  if (status?.steps.clickhouse.ok === false) return 'open';
  if (status === undefined || checked === 0) return 'nothing';
  const { at, settled, audit } = status;
  const reached = { '1m': audit.minutesThrough, '1h': audit.hoursThrough };
  const isBehind = (['1m', '1h'] as const).some((level) => (reached[level] ?? 0) < due(at, level, settled[level] ?? 0));
  return isBehind || isUnsettled(status) || isStale(status) ? 'behind' : 'kept';
}

/** What is not settled is not checked: minutes of it are too much to speak for. */
function isUnsettled({ log, settled }: PipelineStatus): boolean {
  const held = Math.max(0, ...log.partitions.map(({ watermark }) => watermark ?? 0));
  return held - (settled['1m'] ?? 0) > UNSETTLED_MS;
}

/** Nobody checks, or records have waited for long: what is reached is of a time before that. */
function isStale({ at, audit, log, watermark }: PipelineStatus): boolean {
  const waits = (log.lag ?? 0) > 0 && (watermark.ageMs ?? 0) > UNSETTLED_MS;
  return waits || at - (audit.checkedAt ?? 0) > STALE_MS;
}

/** What the audit found missing and found twice; null when nobody knows, and when there was nothing to check. Pure. */
export function auditFigures(status: PipelineStatus | undefined): Pick<PipelineStatus['audit'], 'lost' | 'duplicated'> {
  const verdict = auditVerdict(status);
  if (status === undefined || verdict === 'nothing') return { lost: null, duplicated: null };
  return status.audit;
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
  const { rates, totals, log } = status;
  const { lost, duplicated } = auditFigures(status);
  const figures = {
    'Events per second': formatRate(rates?.insertedPerSecond),
    'events held': formatCount(totals?.events),
    'records behind': formatCount(log.lag),
    audit: AUDIT_WORDS[auditVerdict(status)],
    lost: formatCount(lost),
    'counted twice': formatCount(duplicated),
  };
  const said = Object.entries(figures).map(([name, figure]) => `${name}: ${figure === UNKNOWN ? 'unknown' : figure}`);
  return `${said.join(', ')}.`;
}
