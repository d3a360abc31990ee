import type { AlertingRule, Labels, Observation } from '#libs/alerting';
import { HOUR_MS } from '#libs/time';
import type { AlerterConfig } from '../config.js';
import { DEAD_LETTER_WINDOW_MS, type Look, type PipelineCondition } from './condition.js';

/** What a rule makes of a condition: what is wrong (nothing: all is well), or that it cannot be said, and why. */
export type Verdict = { readonly observations: readonly Observation[] } | { readonly unknown: string };

/** A built-in rule over the pipeline's own condition. */
export interface PipelineRule extends AlertingRule {
  /** Pure. `before` is the condition of the evaluation before, undefined at the first one. */
  judge(now: PipelineCondition, before: PipelineCondition | undefined): Verdict;
}

/** The audit has stopped when it was not heard of for this long, or for three of its own rounds. */
const AUDIT_SILENT_MS = 300_000;

/** The rules in the order in which they are evaluated. */
export function pipelineRules(config: AlerterConfig): PipelineRule[] {
  const { alertForMs: forMs, alertKeepFiringMs: keepFiringForMs } = config;
  const critical = { labels: { severity: 'critical' }, forMs, keepFiringForMs };
  const warning = { labels: { severity: 'warning' }, forMs, keepFiringForMs };
  const auditSilentMs = Math.max(AUDIT_SILENT_MS, 3 * config.auditIntervalMs);
  return [
    { ...critical, alert: 'PipelineUnreachable', judge: unreachable },
    // The audit looks twice before it tells: nothing is gained by waiting.
    { ...critical, forMs: 0, alert: 'PipelineEventsLost', judge: eventsLost },
    { ...critical, forMs: 0, alert: 'PipelineEventsDuplicated', judge: eventsDuplicated },
    { ...warning, alert: 'PipelineAuditSilent', judge: (now) => auditSilent(now, auditSilentMs) },
    { ...critical, alert: 'PipelineStalled', judge: stalled },
    { ...warning, alert: 'PipelineDeadLettersArriving', judge: deadLettersArriving },
  ];
}

/** The alert on the alerter's own state. It is not stored, since it says that nothing can be. */
export function stateRule(config: AlerterConfig): AlertingRule {
  return {
    alert: 'PipelineUnreachable',
    labels: { severity: 'critical' },
    forMs: config.alertForMs,
    keepFiringForMs: 0,
  };
}

export function stateUnreachable(reason: string): Observation {
  return dependencyDown('state', 'The alert state', reason);
}

function unreachable({ log, database }: PipelineCondition): Verdict {
  return {
    observations: [
      ...(log.ok ? [] : [dependencyDown('log', 'The log', log.reason)]),
      ...(database.ok ? [] : [dependencyDown('clickhouse', 'ClickHouse', database.reason)]),
    ],
  };
}

function dependencyDown(dependency: string, name: string, reason: string): Observation {
  return observation(
    'PipelineUnreachable',
    1,
    { dependency },
    `${name} does not answer.`,
    `The alerter asked: ${reason}`,
  );
}

function eventsLost({ database }: PipelineCondition): Verdict {
  return whenKnown(database, ({ audit }) => {
    if (audit.lost === null) return { unknown: 'The audit has not looked at everything yet.' };
    return found(
      audit.lost > 0,
      'PipelineEventsLost',
      audit.lost,
      `${plural(audit.lost, 'event is', 'events are')} lost.`,
      `The log or a finer level has what ClickHouse or a coarser level lacks. Audit of ${time(audit.checkedAt)}.`,
    );
  });
}

function eventsDuplicated({ database }: PipelineCondition): Verdict {
  return whenKnown(database, ({ audit }) => {
    if (audit.duplicated === null) return { unknown: 'The audit has not looked at everything yet.' };
    return found(
      audit.duplicated > 0,
      'PipelineEventsDuplicated',
      audit.duplicated,
      `${plural(audit.duplicated, 'event is', 'events are')} counted more often than they happened.`,
      `ClickHouse or a coarser level has what the log or a finer level lacks. Audit of ${time(audit.checkedAt)}.`,
    );
  });
}

/**
 * The audit does not run, or runs and reaches nothing on. What has stood since before it was watched may have had nobody
 * to run it, as on a server that has just started: it is given the same time as one that stops.
 */
function auditSilent({ at, database }: PipelineCondition, silentMs: number): Verdict {
  return whenKnown(database, ({ audit: { checkedAt, checkedThrough }, auditWatched: { from, movedAt } }) => {
    // Seconds; of an audit that never ran there is no age.
    const silent = (since: number, summary: string, description: string) =>
      found(true, 'PipelineAuditSilent', Math.round((at - since) / 1_000), summary, description);
    if (checkedAt === null || at - checkedAt >= silentMs) {
      if (at - from < silentMs) return { unknown: 'The audit has not been watched for long enough.' };
      const last =
        checkedAt === null
          ? 'A part of it has not run for two days, or never.'
          : `It last finished a round at ${time(checkedAt)}.`;
      return silent(checkedAt ?? Number.NaN, 'The audit does not run: nobody checks that nothing is lost.', last);
    }
    // The buckets of 1 h, which are checked as well, settle once an hour.
    if (at - movedAt >= HOUR_MS + silentMs)
      return silent(
        movedAt,
        'The audit runs and does not get any further: what is newer may be lost and nobody knows.',
        `It has checked through ${time(checkedThrough)}.`,
      );
    return { observations: [] };
  });
}

/**
 * Records wait, and the committed offset of their partition has not moved since the evaluation before; the watermark
 * moves only with it. Compared with the evaluation before, not with the clock: clocks of two machines need not agree.
 */
function stalled({ log, database }: PipelineCondition, before: PipelineCondition | undefined): Verdict {
  return whenKnown(log, (partitions) => {
    if (before === undefined || !before.log.ok) return { unknown: 'There is no earlier look to compare with.' };
    const earlier = new Map(before.log.value.map((one) => [one.partition, one]));
    const stuck = partitions.filter(({ partition, lag, committed }) => {
      const was = earlier.get(partition);
      return lag > 0 && was !== undefined && was.lag > 0 && was.committed === committed;
    });
    const waiting = stuck.reduce((sum, { lag }) => sum + lag, 0);
    const where = stuck.map(({ partition, committed, next }) => {
      const watermark = database.ok ? (database.value.watermarks.get(partition) ?? null) : null;
      return `partition ${partition} stands at ${committed ?? 'its start'} of ${next}, watermark ${time(watermark)}`;
    });
    return found(
      stuck.length > 0,
      'PipelineStalled',
      waiting,
      `${plural(waiting, 'record waits', 'records wait')} in the log and nothing takes them.`,
      `${where.join('; ')}.`,
    );
  });
}

function deadLettersArriving({ database }: PipelineCondition): Verdict {
  return whenKnown(database, ({ deadLetters }) => {
    const letters = deadLetters.reduce((sum, one) => sum + one.letters, 0);
    return found(
      letters > 0,
      'PipelineDeadLettersArriving',
      letters,
      `${plural(letters, 'event was', 'events were')} not accepted in the last ${DEAD_LETTER_WINDOW_MS / 60_000} minutes.`,
      `By cause: ${deadLetters.map((one) => `${one.cause} ${one.letters}`).join(', ')}.`,
    );
  });
}

function whenKnown<Value>(look: Look<Value>, judge: (value: Value) => Verdict): Verdict {
  return look.ok ? judge(look.value) : { unknown: look.reason };
}

function found(isWrong: boolean, alert: string, value: number, summary: string, description: string): Verdict {
  return { observations: isWrong ? [observation(alert, value, {}, summary, description)] : [] };
}

function observation(alert: string, value: number, labels: Labels, summary: string, description: string): Observation {
  return { labels, value, annotations: { summary, description, runbook: `docs/runbooks/${alert}.md` } };
}

const plural = (count: number, one: string, many: string) => `${count} ${count === 1 ? one : many}`;

const time = (ms: number | null) => (ms === null ? 'unknown' : new Date(ms).toISOString());
