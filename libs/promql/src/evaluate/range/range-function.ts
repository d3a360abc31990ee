import type { Span } from '../../syntax/ast.js';
import type { FloatHistogram } from '../../values/float-histogram.js';
import type { Notices } from '../notices.js';
import type { WindowedSeries } from '../windowed-series.js';
import type { Window } from './window.js';

/** What a window comes to; undefined when that is nothing. */
export type WindowResult = number | FloatHistogram | undefined;

/** The function for the windows of one series, one after the other. */
export type WindowFunction = (window: Window) => WindowResult;

/** A call of a range function. */
export interface RangeCall {
  /** The length of a window, ms. */
  readonly rangeMs: number;
  /** Of the first argument: where notices are placed. */
  readonly span: Span;
  /** From the first argument to the last. */
  readonly argumentsSpan: Span;
  /** Other arguments than the range, in order, each with its value at each step. */
  readonly parameters: readonly Float64Array[];
  readonly notices: Notices;
}

/** Prepares the function for a series. */
export type RangeFunction = (series: WindowedSeries, call: RangeCall) => WindowFunction;
