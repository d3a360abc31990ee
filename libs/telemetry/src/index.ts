export * from './control/index.js';
export { Compressor, Spool, Transport, type Answer, type Delivery, type Pace, type SpooledBatch } from './ports.js';
export { CacheRecorder } from './record/cache-recorder.js';
export type { AccessDetails, CacheGauges, RemovalCause } from '#libs/contracts';
export { LoadRecorder, type FinishedLoad, type StalledLoad } from './record/load-recorder.js';
export {
  MetricFamily,
  type Labels,
  type MetricChildOf,
  type MetricOptions,
  type MetricType,
} from './record/metrics.js';
export { type DropReason, type TelemetryProblem, type TelemetryStats } from './stats.js';
export {
  createTelemetry,
  Telemetry,
  type CacheOptions,
  type Sampling,
  type TelemetryOptions,
  type WindowMs,
} from './telemetry.js';
export { TOO_OLD_MS } from './emit/sender.js';
