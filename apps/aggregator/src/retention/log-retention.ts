import { DEFAULT_KEEP, type LogRetention } from '#libs/event-log';
import { KEEP } from './keep.js';

const hours = (ms: number) => `${Math.round(ms / 360_000) / 10} h`;

/**
 * What is wrong with how long the log keeps records, and what to do, or undefined. A record that outlives its row in
 * `batches` would be decided anew when the log is read again, and the audit would take it for lost. One that is cut while
 * events of its age are still let in could not be read again when the database is restored. Pure.
 */
export function logRetentionProblem(
  topic: string,
  { ms, slackMs }: LogRetention,
  latenessMs: number,
): string | undefined {
  if (ms < latenessMs)
    return (
      `${topic} keeps records for ${hours(ms)}, less than the ${hours(latenessMs)} for which events are let in ` +
      '(ALPERF_LATE_HOURS). Set ALPERF_LOG_RETENTION_HOURS to more than ALPERF_LATE_HOURS, or ALPERF_LATE_HOURS to less. ' +
      `On Kafka, a topic that exists keeps what it has: ${remedy(topic)}`
    );
  if (ms + slackMs < KEEP.batches) return undefined;
  const found = Number.isFinite(ms)
    ? `keeps records for ${hours(ms)}, and whole segments for ${hours(slackMs)} more`
    : 'keeps records for ever';
  return (
    `${topic} ${found}, but what is known of a batch is kept for ${hours(KEEP.batches)}: older records would be counted ` +
    `as lost. ${remedy(topic)}`
  );
}

function remedy(topic: string): string {
  const { retentionMs, segmentMs } = DEFAULT_KEEP;
  return (
    `Set retention.ms=${retentionMs},segment.ms=${segmentMs} on it ` +
    `(kafka-configs.sh --alter --entity-type topics --entity-name ${topic} --add-config …).`
  );
}
