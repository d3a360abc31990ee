import {
  auditSettings,
  clickHouseSettings,
  httpSettings,
  kafkaSettings,
  logSettings,
  pipelineSettings,
  setting,
  type Settings,
  type SettingsOf,
} from '#libs/operations';

export const aggregatorSettings = {
  ...pipelineSettings,
  insertIntervalMs: setting.integer(
    'ALPERF_INSERT_INTERVAL_MS',
    500,
    [0, 60_000],
    'Least time between two inserts, in milliseconds.',
  ),
  insertMaxRows: setting.integer(
    'ALPERF_INSERT_MAX_ROWS',
    50_000,
    [1, 1_000_000],
    'Rows after which a block is written at once.',
  ),
  recountIntervalMs: setting.integer(
    'ALPERF_RECOUNT_INTERVAL_MS',
    1_000,
    [10, 60_000],
    'Time between two rounds of recounts, in milliseconds.',
  ),
  ...auditSettings,
  recountMaxWaitMs: setting.integer(
    'ALPERF_RECOUNT_MAX_WAIT_MS',
    15_000,
    [0, 600_000],
    'A touched 10 s bucket is recounted after this time even when its watermark has not passed, in milliseconds; 1 min waits four times as long, 1 h twenty times.',
  ),
};

/** Every setting of the aggregator as a program of its own. */
export const aggregatorProgramSettings = {
  ...httpSettings(9464),
  ...logSettings,
  ...kafkaSettings,
  ...clickHouseSettings,
  ...aggregatorSettings,
} satisfies Settings;

/** How long the log keeps what was read is for whoever opens the log. */
export type AggregatorConfig = Omit<SettingsOf<typeof aggregatorSettings>, 'logRetentionHours'>;

export function aggregatorConfig(values: AggregatorConfig): AggregatorConfig {
  const { partitions, lateHours } = values;
  const { insertIntervalMs, insertMaxRows, recountIntervalMs, recountMaxWaitMs, auditIntervalMs } = values;
  return {
    partitions,
    lateHours,
    insertIntervalMs,
    insertMaxRows,
    recountIntervalMs,
    recountMaxWaitMs,
    auditIntervalMs,
  };
}
