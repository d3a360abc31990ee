export { CATALOGUE, LEFT_OUT } from './catalogue/catalogue.js';
export { metricsDocument } from './document.js';
export { findMetric, nearestMetrics, searchMetrics } from './find.js';
export { DEFAULT_LATENESS_MS, levelsOf, type MetricLevel } from './levels.js';
export {
  DEFAULT_LIVE_LIMITS,
  LiveCatalogue,
  type LeftOutCounts,
  type LiveLimits,
  type SentMetric,
  type SentType,
} from './live-catalogue.js';
export {
  classicNames,
  columnsOf,
  EXPORTING_APPS,
  METRIC_GROUPS,
  METRIC_KINDS,
  type Exported,
  type ExportingApp,
  type LabelSource,
  type Metric,
  type MetricGroup,
  type MetricKind,
  type MetricLabel,
  type MetricUnit,
  type Stored,
  type StoredColumn,
  type StoredColumns,
  type StoredHistogram,
  type StoredMetric,
  type Temporality,
} from './metric.js';
export { isLabelName, isMetricName, MAX_METRIC_NAME_LENGTH, unitOfName } from './names.js';
