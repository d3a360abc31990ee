import type { ValueType } from '../syntax/ast.js';

/** What a function takes and gives. */
export interface FunctionSignature {
  readonly name: string;
  /** In order; arguments beyond them are of the last type. */
  readonly takes: readonly ValueType[];
  readonly atLeast: number;
  /** Infinity where there may be any number. */
  readonly atMost: number;
  readonly gives: ValueType;
}

const NAMES = {
  vectorToVector:
    'abs absent acos acosh asin asinh atan atanh ceil cos cosh deg exp floor histogram_avg histogram_count ' +
    'histogram_stddev histogram_stdvar histogram_sum ln log10 log2 rad sgn sin sinh sort sort_desc sqrt tan tanh timestamp',
  rangeToVector:
    'absent_over_time avg_over_time changes count_over_time delta deriv first_over_time idelta increase irate ' +
    'last_over_time max_over_time min_over_time present_over_time rate resets stddev_over_time stdvar_over_time sum_over_time',
  /** Without an argument they are of the time of evaluation. */
  dateToVector: 'day_of_month day_of_week day_of_year days_in_month hour minute month year',
} as const;

/** Functions that Prometheus has behind a feature flag; they are not supported here. */
export const EXPERIMENTAL_FUNCTIONS: ReadonlySet<string> = new Set(
  (
    'double_exponential_smoothing end histogram_quantiles info mad_over_time max_of min_of range sort_by_label ' +
    'sort_by_label_desc start start_timestamp step ts_of_first_over_time ts_of_last_over_time ts_of_max_over_time ' +
    'ts_of_min_over_time'
  ).split(' '),
);

const VECTOR = 'instant vector';
const RANGE = 'range vector';
const SCALAR = 'scalar';
const STRING = 'string';

/** @param optional how many of the last arguments may be left out. */
const signature = (
  name: string,
  takes: readonly ValueType[],
  gives: ValueType = VECTOR,
  optional = 0,
  atMost = takes.length,
): FunctionSignature => ({ name, takes, atLeast: takes.length - optional, atMost, gives });

const SIGNATURES: readonly FunctionSignature[] = [
  ...NAMES.vectorToVector.split(' ').map((name) => signature(name, [VECTOR])),
  ...NAMES.rangeToVector.split(' ').map((name) => signature(name, [RANGE])),
  ...NAMES.dateToVector.split(' ').map((name) => signature(name, [VECTOR], VECTOR, 1)),
  signature('clamp', [VECTOR, SCALAR, SCALAR]),
  signature('clamp_max', [VECTOR, SCALAR]),
  signature('clamp_min', [VECTOR, SCALAR]),
  signature('histogram_fraction', [SCALAR, SCALAR, VECTOR]),
  signature('histogram_quantile', [SCALAR, VECTOR]),
  signature('label_join', [VECTOR, STRING, STRING, STRING], VECTOR, 1, Infinity),
  signature('label_replace', [VECTOR, STRING, STRING, STRING, STRING]),
  signature('pi', [], SCALAR),
  signature('predict_linear', [RANGE, SCALAR]),
  signature('quantile_over_time', [SCALAR, RANGE]),
  signature('round', [VECTOR, SCALAR], VECTOR, 1),
  signature('scalar', [VECTOR], SCALAR),
  signature('time', [], SCALAR),
  signature('vector', [SCALAR]),
];

/** Every stable function of Prometheus 3, by name. Source: its table of functions. */
export const FUNCTIONS: ReadonlyMap<string, FunctionSignature> = new Map(SIGNATURES.map((each) => [each.name, each]));
