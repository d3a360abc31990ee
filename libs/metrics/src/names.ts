import type { MetricUnit } from './metric.js';

/** Longest name of a metric, in UTF-16 units; contracts take no longer one. */
export const MAX_METRIC_NAME_LENGTH = 128;

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Whether a text can be the name of a metric here: Prometheus' letters, and not too long. */
export function isMetricName(text: string): boolean {
  return text.length <= MAX_METRIC_NAME_LENGTH && METRIC_NAME.test(text);
}

/** Whether a text can be the name of a label that somebody sets; two underscores in front are Prometheus' own. */
export function isLabelName(text: string): boolean {
  return text.length <= 64 && LABEL_NAME.test(text) && !text.startsWith('__');
}

/** The unit that a name ends with, `_total` left out; empty where it ends with none that we know. */
export function unitOfName(name: string): MetricUnit {
  const unit = /_(seconds|bytes)(_total)?$/.exec(name)?.[1];
  return unit === 'seconds' || unit === 'bytes' ? unit : '';
}
