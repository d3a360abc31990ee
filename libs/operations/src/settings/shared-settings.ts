import { LOG_LEVELS } from '../logger/logger.js';
import { setting } from './kinds.js';
import type { SettingsOf } from './settings.js';

/** How a program logs. */
export const logSettings = {
  logLevel: setting.oneOf('ALPERF_LOG_LEVEL', LOG_LEVELS, 'info', 'Least severe messages that are logged.'),
  logFormat: setting.oneOf(
    'ALPERF_LOG_FORMAT',
    ['auto', 'json', 'short'],
    'auto',
    'How log lines look; auto is short on a terminal, JSON otherwise.',
  ),
};

/** Where an app listens. */
export const httpSettings = (port: number) => ({
  bind: setting.address(
    'ALPERF_BIND',
    '127.0.0.1',
    'Address to listen on. Anything but a loopback address needs API keys (ALPERF_KEYS_FILE).',
  ),
  httpPort: setting.port('ALPERF_HTTP_PORT', port, 'Port for HTTP; 0 takes a free one.'),
});

/** The ClickHouse server of a distributed app. */
export const clickHouseSettings = {
  clickhouseUrl: setting.text('ALPERF_CLICKHOUSE_URL', 'http://127.0.0.1:8123', "ClickHouse's HTTP interface."),
  clickhouseDatabase: setting.text('ALPERF_CLICKHOUSE_DATABASE', 'alperf', 'Database that holds the tables.'),
  clickhouseUser: setting.text('ALPERF_CLICKHOUSE_USER', 'default', 'User of the ClickHouse server.'),
  clickhousePassword: setting.optionalText('ALPERF_CLICKHOUSE_PASSWORD', "The user's password.", { secret: true }),
  clickhousePasswordFile: setting.optionalText(
    'ALPERF_CLICKHOUSE_PASSWORD_FILE',
    "File that holds the user's password, for secrets that are mounted.",
  ),
};

/** The log of a distributed app. */
export const kafkaSettings = {
  kafkaBrokers: setting.list('ALPERF_KAFKA_BROKERS', ['127.0.0.1:9092'], 'Kafka brokers to ask first, host:port.'),
};

/** Where a program keeps its data. */
export const dataSettings = {
  dataDir: setting.text(
    'ALPERF_DATA_DIR',
    './data',
    'Directory of the log, the state and the database; for one process at a time.',
  ),
};

/** Who may come in. */
export const accessSettings = {
  origins: setting.origins(
    'ALPERF_ORIGINS',
    "Origins of web pages that may post and read, besides its own and the desktop app's: https://library.example.",
  ),
  keysFile: setting.optionalText('ALPERF_KEYS_FILE', 'YAML file of API keys; it is read again when it changes.'),
};

/** The audit's pace: the aggregator keeps it, the alerter knows by it when the audit stands still. */
export const auditSettings = {
  auditIntervalMs: setting.integer(
    'ALPERF_AUDIT_INTERVAL_MS',
    10_000,
    [100, 3_600_000],
    'Time between two rounds of the audit, in milliseconds.',
  ),
};

/** What collector and aggregator must agree on: how late an event may be, and what the log is like. */
export const pipelineSettings = {
  lateHours: setting.integer(
    'ALPERF_LATE_HOURS',
    48,
    [1, 144],
    'Events older than this are rejected, in hours; raw events are kept a day longer. The same for collector and aggregator.',
  ),
  partitions: setting.integer(
    'ALPERF_PARTITIONS',
    4,
    [1, 256],
    'Partitions of the log where it has none yet. It cannot be changed afterwards.',
  ),
  logRetentionHours: setting.integer(
    'ALPERF_LOG_RETENTION_HOURS',
    168,
    [24, 288],
    'How long the log keeps what was read, in hours; on Kafka set when the topic is created.',
  ),
};

/** What is wrong with an embedded log's retention beside the lateness allowed, in words; nothing when they fit. Pure. */
export function retentionProblems({
  lateHours,
  logRetentionHours,
}: Pick<SettingsOf<typeof pipelineSettings>, 'lateHours' | 'logRetentionHours'>): string[] {
  if (logRetentionHours >= lateHours) return [];
  return [
    `ALPERF_LOG_RETENTION_HOURS: ${logRetentionHours} is less than ALPERF_LATE_HOURS (${lateHours}), so that events ` +
      'would be let in whose like the log has cut already; raise it, or lower ALPERF_LATE_HOURS',
  ];
}
