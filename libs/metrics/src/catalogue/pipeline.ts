import type { Metric } from '../metric.js';
import { exported } from './entries.js';

const collector: readonly Metric[] = [
  exported(['collector'], 'counter', 'collector_batches_total', 'Batches accepted, heartbeats too.'),
  exported(['collector'], 'counter', 'collector_events_total', 'Events accepted.'),
  exported(['collector'], 'counter', 'collector_rejected_events_total', 'Events sent to the dead letters.'),
  exported(['collector'], 'counter', 'collector_unknown_fields_total', 'Fields and labels left out.'),
  exported(['collector'], 'counter', 'collector_capped_values_total', 'Names and label values over their cap.'),
  exported(['collector'], 'counter', 'collector_refused_requests_total', 'Requests answered with a problem.', {
    code: 'The code of the problem.',
  }),
  exported(['collector'], 'counter', 'collector_received_bytes_total', 'Bytes of accepted batches on the wire.'),
  exported(['collector'], 'counter', 'collector_reencoded_batches_total', 'Batches that did not travel on unchanged.'),
  exported(['collector'], 'histogram', 'collector_append_seconds', 'Time until the log had a batch.'),
  exported(['collector'], 'gauge', 'collector_in_flight_bytes', 'Bytes of requests being worked on.'),
  exported(['collector'], 'gauge', 'collector_distinct_values', 'Names and label values held by the caps.'),
];

const partition = { partition: 'The partition of the log.' };

const aggregator: readonly Metric[] = [
  exported(['aggregator'], 'counter', 'aggregator_records_total', 'Records read from the log, by what was decided.', {
    decision: 'What was decided of the record.',
  }),
  exported(
    ['aggregator'],
    'counter',
    'aggregator_rows_inserted_total',
    'Rows inserted, by table; a record that comes again inserts the same rows again.',
    { table: 'The table of raw events.' },
  ),
  exported(['aggregator'], 'counter', 'aggregator_dead_letters_total', 'Dead letters written, by cause.', {
    cause: 'Why it is a dead letter.',
  }),
  exported(['aggregator'], 'counter', 'aggregator_insert_rounds_total', 'Rounds of inserts that were committed.'),
  exported(
    ['aggregator'],
    'histogram',
    'aggregator_insert_round_seconds',
    'From the first look at a round to its last insert.',
  ),
  exported(['aggregator'], 'counter', 'aggregator_buckets_recounted_total', 'Buckets recounted, by level.', {
    level: 'The level of the rollups: 10s, 1m or 1h.',
  }),
  exported(
    ['aggregator'],
    'histogram',
    'aggregator_recount_seconds',
    'Recounts of one level, all rollups, with their marks, by level.',
    { level: 'The level of the rollups: 10s, 1m or 1h.' },
  ),
  exported(
    ['aggregator'],
    'counter',
    'aggregator_failures_total',
    'Rounds that failed and are done again, by what and why.',
    { what: 'What failed: insert or recount.', code: 'The code of the error.' },
  ),
  exported(['aggregator'], 'gauge', 'aggregator_open_marks', 'Buckets that wait for their recount.'),
  exported(
    ['aggregator'],
    'gauge',
    'aggregator_watermark_timestamp_seconds',
    'Event time up to which a partition is in ClickHouse.',
    partition,
  ),
  exported(['aggregator'], 'gauge', 'aggregator_committed_offset', 'Next offset to read, by partition.', partition),
  exported(
    ['aggregator'],
    'gauge',
    'aggregator_retention_clock_doubt_seconds',
    'How far the clock is ahead of what it has shown for long enough to drop data by.',
  ),
  exported(
    ['aggregator'],
    'counter',
    'aggregator_clock_jumps_total',
    'How often the clock went forward by more than the time that passed.',
  ),
  exported(['aggregator'], 'counter', 'aggregator_audit_rounds_total', 'Rounds of the audit that were finished.'),
  exported(['aggregator'], 'counter', 'aggregator_audit_failures_total', 'Scopes and rounds of the audit that failed.'),
];

const scope = { scope: 'What the audit compares: the log, raw events or the rollups.' };

const audit: readonly Metric[] = [
  exported(
    ['aggregator'],
    'gauge',
    'pipeline_lost_events',
    'Events that the log or a finer level has and a coarser one lacks, by scope of the audit.',
    scope,
  ),
  exported(
    ['aggregator'],
    'gauge',
    'pipeline_duplicated_events',
    'Events that are counted more often than they happened, by scope of the audit.',
    scope,
  ),
  exported(
    ['aggregator'],
    'gauge',
    'pipeline_audit_checked_timestamp_seconds',
    'When the audit last worked on a scope, in seconds since 1970: the two gauges above are as old as that.',
    scope,
  ),
  exported(
    ['aggregator'],
    'gauge',
    'pipeline_audit_full_check_timestamp_seconds',
    'When the audit last finished a rotation over all of a scope, in seconds since 1970.',
    scope,
  ),
  exported(
    ['aggregator'],
    'gauge',
    'pipeline_open_gaps',
    'Batches that emitters have numbered and that have not come yet.',
  ),
];

const rule = { alertname: 'The name of the rule.' };

const alerter: readonly Metric[] = [
  exported(
    ['alerter'],
    'histogram',
    'alerter_evaluation_seconds',
    'Time of one evaluation of all rules, looks and storing included.',
  ),
  exported(
    ['alerter'],
    'counter',
    'alerter_evaluation_failures_total',
    'Evaluations whose outcome could not be stored, and so had no effect, by reason.',
    { reason: 'Why it could not be stored.' },
  ),
  exported(['alerter'], 'gauge', 'alerter_evaluating', '1 when this alerter evaluates, 0 when it stands by.'),
  exported(['alerter'], 'gauge', 'alerter_alerts', 'Active alerts, by the alerter that evaluates.', {
    ...rule,
    state: 'The state of the alerts: pending or firing.',
  }),
  exported(
    ['alerter'],
    'gauge',
    'alerter_rule_unknown',
    '1 when the rule could not be decided in the last evaluation; its alerts stay as they are.',
    rule,
  ),
];

const api: readonly Metric[] = [
  exported(['api'], 'gauge', 'api_status_clients', 'Clients that watch the status.'),
  exported(['api'], 'gauge', 'pipeline_lag_records', 'Records in the log that are not in ClickHouse yet.'),
  exported(['api'], 'gauge', 'api_control_listeners', 'Instances that listen to the control channel.'),
  exported(['api'], 'gauge', 'api_control_cut_off', 'Listeners cut off because they did not read.'),
];

/** What the pipeline tells of itself. A test holds it to the instruments that the programs make. */
export const PIPELINE_METRICS: readonly Metric[] = [...collector, ...aggregator, ...audit, ...alerter, ...api];
