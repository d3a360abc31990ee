export const METRIC_KINDS = ['counter', 'gauge', 'histogram', 'unknown'] as const;
/** `unknown` is only what users send under one name in several kinds. */
export type MetricKind = (typeof METRIC_KINDS)[number];

/** The units of the project's own metrics, which their names end with; empty for what is only counted. */
export type MetricUnit = 'seconds' | 'bytes' | '';

/**
 * What a sample says. `delta`: what came to pass since the sample before, so that a rate is an exact sum. `level`: what
 * is the case at its time. `cumulative`: a count since a start, which may begin anew.
 */
export type Temporality = 'delta' | 'level' | 'cumulative';

/** The subjects of the catalogue, in its order. `users` are metrics that users send. */
export const METRIC_GROUPS = ['caches', 'loads', 'web vitals', 'pipeline', 'process', 'users'] as const;
export type MetricGroup = (typeof METRIC_GROUPS)[number];

/** The programs that export metrics of their own. Standalone exports those of all of them. */
export const EXPORTING_APPS = ['collector', 'aggregator', 'alerter', 'api'] as const;
export type ExportingApp = (typeof EXPORTING_APPS)[number];

/**
 * Where a label's value comes from. `dimension`: the value of that column of the rollup. `column`: it follows from which
 * column the sample is of. `event`: the labels of the metric event. `program`: the program that exports the metric.
 */
export type LabelSource =
  | { readonly kind: 'dimension'; readonly column: string }
  | { readonly kind: 'column' }
  | { readonly kind: 'event' }
  | { readonly kind: 'program' };

export interface MetricLabel {
  readonly name: string;
  /** A sentence. */
  readonly help: string;
  readonly from: LabelSource;
  /** All values that there are, where they are a closed set. */
  readonly values?: readonly string[];
}

/** A column of numbers in a rollup, and the labels that all samples of it have. */
export interface StoredColumn {
  readonly column: string;
  readonly labels: Readonly<Record<string, string>>;
  /** For a level: the column with the highest of the bucket. */
  readonly highest?: string;
}

/** Counts or levels in columns of a rollup. */
export interface StoredColumns {
  readonly in: 'cache' | 'loads';
  readonly columns: readonly StoredColumn[];
  /** From the integers that are stored to the unit of the name. */
  readonly factor: number;
}

/** A histogram in the columns `<histogram>_count`, `_sum`, `_zero` and `_bins` of a rollup. */
export interface StoredHistogram {
  readonly in: 'cache' | 'loads';
  readonly histogram: string;
  /**
   * From what is stored to the unit of the name. It holds for the sum, and for what is read off the bins; the bins
   * themselves are by powers of 2 of the stored unit, and no power of 10 takes those to each other exactly.
   */
  readonly factor: number;
}

/** A row of the rollup `metrics` for each of its series, under its own name and in its own unit. */
export interface StoredMetric {
  readonly in: 'metrics';
}

/**
 * Exported by programs at `/metrics` and stored nowhere by itself: when a Prometheus that scrapes them writes here, they
 * are in the rollup `metrics` as well.
 */
export interface Exported {
  readonly in: 'exposition';
  readonly apps: readonly ExportingApp[];
}

export type Stored = StoredColumns | StoredHistogram | StoredMetric | Exported;

/** One metric, all that is known about it without looking at data. */
export interface Metric {
  readonly name: string;
  /** A sentence. */
  readonly help: string;
  /** A MetricUnit; of what users send, the word that they say. */
  readonly unit: string;
  readonly kind: MetricKind;
  readonly group: MetricGroup;
  readonly labels: readonly MetricLabel[];
  /** Several only for what users send in several ways. */
  readonly temporalities: readonly Temporality[];
  readonly stored: Stored;
  /** Only for histograms: native ones have exponential buckets (base 2, schema 5), classic ones `_bucket` series. */
  readonly buckets?: 'native' | 'classic';
}

/**
 * The other names that a histogram answers to: what counts its values, and what adds them up; of a classic one the
 * buckets as well. Empty for other kinds.
 */
export function classicNames({ name, kind, buckets }: Pick<Metric, 'name' | 'kind' | 'buckets'>): readonly string[] {
  if (kind !== 'histogram') return [];
  const both = [`${name}_count`, `${name}_sum`];
  return buckets === 'classic' ? [...both, `${name}_bucket`] : both;
}

/** The columns of the rollup that hold a metric, those of its highest levels as well; none where it has no columns of its own. */
export function columnsOf({ stored }: Pick<Metric, 'stored'>): readonly string[] {
  if ('histogram' in stored) return ['count', 'sum', 'zero', 'bins'].map((part) => `${stored.histogram}_${part}`);
  if (!('columns' in stored)) return [];
  return stored.columns.flatMap(({ column, highest }) => (highest === undefined ? [column] : [column, highest]));
}
