import {
  accessSettings,
  dataSettings,
  httpSettings,
  kafkaSettings,
  logSettings,
  pipelineSettings,
  retentionProblems,
  setting,
  SettingsError,
  type Settings,
  type SettingsOf,
} from '#libs/operations';

/** Labels that say nothing of a person and have few values; what else an installation needs it adds to the list. */
const DEFAULT_LABELS = (
  'action browser cause code component connection engine format instance_group kind level method mode name ' +
  'navigation operation outcome page phase platform pool priority protocol queue rating reason region ' +
  'resource result route source space state status tier type unit version zone'
).split(' ');

/** The collector's own settings. Whoever hosts it composes them with those of libs/operations. */
export const collectorSettings = {
  ...accessSettings,
  aheadMinutes: setting.integer(
    'ALPERF_AHEAD_MINUTES',
    5,
    [0, 1_440],
    'Events further in the future than this are rejected, in minutes.',
  ),
  labels: setting.list('ALPERF_LABELS', DEFAULT_LABELS, 'Names of metric labels that are kept; * keeps all.'),
  maxServices: setting.integer('ALPERF_MAX_SERVICES', 500, [1, 100_000], 'Distinct services; more are __other__.'),
  maxNames: setting.integer(
    'ALPERF_MAX_NAMES',
    1_000,
    [1, 100_000],
    'Distinct caches, resources, metrics and versions, each per service; more are __other__.',
  ),
  maxLabelValues: setting.integer(
    'ALPERF_MAX_LABEL_VALUES',
    200,
    [1, 100_000],
    'Distinct values per service, metric and label; more are __other__.',
  ),
  maxDistinct: setting.integer(
    'ALPERF_MAX_DISTINCT',
    200_000,
    [1_000, 10_000_000],
    'Distinct names and label values in all, per day; bounds the memory of the caps.',
  ),
  rateEvents: setting.integer(
    'ALPERF_RATE_EVENTS',
    200_000,
    [0, 1_000_000_000],
    'Events per second and key, of which 5 s may come at once; 0 is no limit.',
  ),
  rateBytes: setting.integer(
    'ALPERF_RATE_BYTES',
    67_108_864,
    [0, 1_000_000_000_000],
    'Bytes on the wire per second and key, of which 5 s may come at once; 0 is no limit.',
  ),
  maxInFlightBytes: setting.integer(
    'ALPERF_MAX_IN_FLIGHT_BYTES',
    134_217_728,
    [1_048_576, 1_000_000_000_000],
    'Bytes of requests being received or written at one time; more are answered 503.',
  ),
  maxConnections: setting.integer('ALPERF_MAX_CONNECTIONS', 5_000, [10, 1_000_000], 'Connections at one time.'),
  ...pipelineSettings,
} satisfies Settings;

/** Every setting of the collector as a program of its own. */
export const collectorProgramSettings = {
  ...httpSettings(8081),
  ...logSettings,
  log: setting.oneOf(
    'ALPERF_LOG',
    ['kafka', 'embedded'],
    'kafka',
    'Which log: Kafka, or an embedded one in ALPERF_DATA_DIR.',
  ),
  ...kafkaSettings,
  ...dataSettings,
  ...collectorSettings,
} satisfies Settings;

/**
 * What no setting can tell by itself. A topic of Kafka keeps what it was made to keep: that is asked of it later. Pure.
 * @throws SettingsError
 */
export function checkTogether(values: SettingsOf<typeof collectorProgramSettings>): void {
  const problems = values.log === 'embedded' ? retentionProblems(values) : [];
  if (problems.length > 0) throw new SettingsError(problems);
}

/** What the collector's steps need to know. */
export interface CollectorConfig {
  /** Bounds on event times, relative to the accept time. */
  readonly maxAgeMs: number;
  readonly maxAheadMs: number;
  /** Names of labels that are kept, or undefined for all. */
  readonly labels: ReadonlySet<string> | undefined;
  readonly caps: CapLimits;
  readonly rate: RateLimits;
  readonly maxInFlightBytes: number;
  readonly partitions: number;
}

export interface CapLimits {
  readonly services: number;
  /** Caches, resources, metrics, versions: each, per service. */
  readonly names: number;
  /** Per service, metric and label. */
  readonly labelValues: number;
  /** All distinct values together, per rotation. */
  readonly total: number;
  /** After this long without being seen a value is forgotten (at most twice as long), ms. */
  readonly rotateMs: number;
}

export interface RateLimits {
  /** Per key; Infinity is no limit. */
  readonly eventsPerSecond: number;
  readonly bytesPerSecond: number;
  /** How many seconds' worth may come at once. */
  readonly burstSeconds: number;
}

/** Pure. */
export function collectorConfig(values: SettingsOf<typeof collectorSettings>): CollectorConfig {
  const limit = (perSecond: number) => (perSecond === 0 ? Infinity : perSecond);
  return {
    maxAgeMs: values.lateHours * 3_600_000,
    maxAheadMs: values.aheadMinutes * 60_000,
    labels: values.labels.includes('*') ? undefined : new Set(values.labels),
    caps: {
      services: values.maxServices,
      names: values.maxNames,
      labelValues: values.maxLabelValues,
      total: values.maxDistinct,
      rotateMs: 86_400_000,
    },
    rate: {
      eventsPerSecond: limit(values.rateEvents),
      bytesPerSecond: limit(values.rateBytes),
      burstSeconds: 5,
    },
    maxInFlightBytes: values.maxInFlightBytes,
    partitions: values.partitions,
  };
}
