import type { SeriesLine } from './series-line.js';

/** How a message that is expected is told: as it is, or by a regular expression that is found in it. */
export type MessagePattern = { readonly kind: 'any' } | { readonly kind: 'message' | 'regex'; readonly text: string };

/** What a query is expected to come to beside its values. */
export interface Expectations {
  /** The query fails. */
  readonly fail?: MessagePattern;
  readonly warnings: readonly MessagePattern[];
  readonly infos: readonly MessagePattern[];
  /** There is some warning, or info. */
  readonly someWarning: boolean;
  readonly someInfo: boolean;
  readonly noWarnings: boolean;
  readonly noInfos: boolean;
  /** The series come in the order in which they are written. */
  readonly ordered: boolean;
  readonly text?: string;
  readonly scalar?: number;
  readonly series: readonly SeriesLine[];
}

/** Times of a query, or of the values that it is expected to give; ms since 1970. */
export interface TimeRange {
  readonly start: number;
  readonly end: number;
  readonly stepMs: number;
}

export interface LoadCommand {
  readonly kind: 'load';
  /** From 1. */
  readonly line: number;
  readonly stepMs: number;
  /** Classic histograms are loaded as native ones with custom buckets, too. */
  readonly withCustomBuckets: boolean;
  readonly series: readonly SeriesLine[];
}

export interface EvalCommand {
  readonly kind: 'eval';
  /** From 1. */
  readonly line: number;
  readonly query: string;
  /** ms since 1970. */
  readonly times: { readonly at: number } | TimeRange;
  /** An instant query is expected to give a range of values. */
  readonly rangeVector?: TimeRange;
  readonly expected: Expectations;
}

export type Command = LoadCommand | EvalCommand | { readonly kind: 'clear'; readonly line: number };
