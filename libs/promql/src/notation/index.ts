export { NotationError } from './notation-error.js';
export { readNotation } from './read-notation.js';
export type { Command, EvalCommand, Expectations, LoadCommand, MessagePattern, TimeRange } from './script.js';
export type { SeriesLine, SeriesValue } from './series-line.js';
export { loadSeries } from './load-series.js';
export { runNotation, type EvalResult, type QueryLanguage, type RunOptions } from './run-notation.js';
