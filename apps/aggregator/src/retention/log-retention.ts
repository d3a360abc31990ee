import type { LogRetention } from '#libs/event-log';
import { KEEP } from './keep.js';

const hours = (ms: number) => `${Math.round(ms / 360_000) / 10} h`;

/**
 * What is wrong with how long the log keeps records, and what to do, or undefined. A record that outlives its row in
 * `batches` would be decided anew when the log is read again, and the audit would take it for lost. Pure.
 */
export function logRetentionProblem(topic: string, { ms, slackMs }: LogRetention): string | undefined {
  if (ms + slackMs < KEEP.batches) return undefined;
  const found = Number.isFinite(ms)
    ? `keeps records for ${hours(ms)}, and whole segments for ${hours(slackMs)} more`
    : 'keeps records for ever';
  return (
    `${topic} ${found}, but what is known of a batch is kept for ${hours(KEEP.batches)}: older records would be counted ` +
    'as lost. Set retention.ms=604800000,segment.ms=86400000 on it ' +
    `(kafka-configs.sh --alter --entity-type topics --entity-name ${topic} --add-config …).`
  );
}
