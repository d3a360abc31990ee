export * from './syntax/ast.js';
export { QueryFailedError, QueryLimitError, QuerySyntaxError } from './errors.js';
export { Labels, METRIC_NAME, type Label } from './values/labels.js';
export type { Matcher } from './values/matcher.js';
export type { Annotation } from './values/annotations.js';
export { CUSTOM_BUCKETS, type Buckets, type CounterResetHint, type FloatHistogram } from './values/float-histogram.js';
export { SeriesSource, type SeriesSamples, type SeriesSelection, type Temporality } from './source/series-source.js';
export type { Point, QueryResult, QueryValue, ResultSeries } from './evaluate/query-result.js';
export type { Query, QueryLimits, QueryTimes } from './evaluate/query.js';
