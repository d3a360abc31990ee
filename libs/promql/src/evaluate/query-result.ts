import type { Annotation } from '../values/annotations.js';
import type { FloatHistogram } from '../values/float-histogram.js';
import type { Labels } from '../values/labels.js';

/** One value of a series: a number, or a native histogram. */
export interface Point {
  /** ms since 1970. */
  readonly time: number;
  readonly value: number;
  readonly histogram?: FloatHistogram;
}

export interface ResultSeries {
  readonly labels: Labels;
  readonly points: readonly Point[];
}

/** What a query comes to. Of a vector each series has one point; its order is that of the answer (`sort`, `topk`). */
export type QueryValue =
  | { readonly type: 'scalar'; readonly point: Point }
  | { readonly type: 'string'; readonly time: number; readonly text: string }
  | { readonly type: 'vector'; readonly series: readonly ResultSeries[] }
  | { readonly type: 'matrix'; readonly series: readonly ResultSeries[] };

export interface QueryResult {
  readonly value: QueryValue;
  readonly annotations: readonly Annotation[];
}
