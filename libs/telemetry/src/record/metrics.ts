import type { Event, Metric } from '#libs/contracts';
import { ExpHistogram } from '#libs/histogram';
import type { Counters } from '../stats.js';
import type { WindowSource } from './windows.js';

export type MetricType = Metric['type'];
export type Labels = Readonly<Record<string, string>>;

export interface MetricOptions<Type extends MetricType = MetricType> {
  readonly type: Type;
  /** Names of its labels. A label that is not listed is left out. Default: none. */
  readonly labels?: readonly string[];
  /** Label sets held at once; one more counts under `__other__`. Default 1,000. */
  readonly maxLabelSets?: number;
}

/** What is over a cap is counted under this value. */
const OTHER = '__other__';
const MAX_LABEL_VALUE_LENGTH = 256;
const DEFAULT_MAX_LABEL_SETS = 1_000;

/** One label set of one metric. Which methods count depends on the type; the typed views below show only those. */
export class MetricChild implements WindowSource {
  readonly #name: string;
  readonly #type: MetricType;
  readonly #labels: Labels;
  readonly #histogram: ExpHistogram | undefined;
  readonly #counters: Counters;
  #value = 0;
  #touched = false;
  #read: (() => number) | undefined;

  constructor(name: string, type: MetricType, labels: Labels, counters: Counters) {
    this.#name = name;
    this.#type = type;
    this.#labels = labels;
    this.#counters = counters;
    this.#histogram = type === 'histogram' ? new ExpHistogram() : undefined;
  }

  /** Counter: adds `by`, at least 0. */
  add(by = 1): void {
    if (!(by >= 0 && by < Infinity)) return this.#counters.problem('metric', `${this.#name}: a counter only grows.`);
    this.#value += by;
    this.#touched = true;
  }

  /** Gauge: the level now. Total: the cumulative count now. */
  set(value: number): void {
    if (!Number.isFinite(value)) return this.#counters.problem('metric', `${this.#name}: the value is not finite.`);
    this.#value = value;
    this.#touched = true;
  }

  /** Histogram: one value, at least 0. */
  record(value: number): void {
    this.#histogram?.record(value);
    this.#touched = true;
  }

  /** Gauge or total: asks for the value at the end of each window. */
  track(read: () => number): void {
    this.#read = read;
  }

  closeWindow(end: number, windowMs: number, emit: (event: Event) => void): void {
    if (this.#read !== undefined) this.#ask(this.#read);
    if (!this.#touched) return;
    this.#touched = false;
    const metric: Metric = {
      kind: 'metric',
      time: end,
      windowMs,
      name: this.#name,
      type: this.#type,
      ...(Object.keys(this.#labels).length > 0 && { labels: this.#labels }),
    };
    if (this.#histogram === undefined) emit({ ...metric, value: this.#value });
    else if (this.#histogram.count > 0) emit({ ...metric, histogram: this.#histogram.toData() });
    if (this.#type === 'counter') this.#value = 0;
    this.#histogram?.reset();
  }

  #ask(read: () => number): void {
    try {
      this.set(read());
    } catch (cause) {
      this.#counters.problem('callback', `Reading ${this.#name} failed.`, cause);
    }
  }
}

/** Hands out the children of a metric by label set. Keep the child: it costs a field, finding it a map look-up. */
export class MetricFamily<Type extends MetricType = MetricType> {
  readonly #name: string;
  readonly #options: MetricOptions<Type>;
  readonly #labelNames: readonly string[];
  readonly #counters: Counters;
  readonly #children = new Map<string, MetricChild>();
  readonly #own: MetricChild;

  constructor(
    name: string,
    options: MetricOptions<Type>,
    allowed: ReadonlySet<string> | undefined,
    counters: Counters,
  ) {
    this.#name = name;
    this.#options = options;
    this.#counters = counters;
    this.#labelNames = (options.labels ?? []).filter((label) => allowed === undefined || allowed.has(label));
    this.#own = new MetricChild(name, options.type, {}, counters);
  }

  /** The child of one label set. Labels that were not declared are left out, missing ones are empty. */
  with(labels: Labels): MetricChildOf<Type> {
    const values = this.#labelNames.map((label) => capLength(String(labels[label] ?? '')));
    const key = values.join('\u0000');
    return (this.#children.get(key) ?? this.#make(key, values)) as unknown as MetricChildOf<Type>;
  }

  /** The child without labels. */
  get own(): MetricChildOf<Type> {
    return this.#own as unknown as MetricChildOf<Type>;
  }

  *sources(): Iterable<WindowSource> {
    yield this.#own;
    yield* this.#children.values();
  }

  #make(key: string, values: readonly string[]): MetricChild {
    const full = this.#children.size >= (this.#options.maxLabelSets ?? DEFAULT_MAX_LABEL_SETS);
    if (full) this.#counters.capped++;
    const used = full ? values.map(() => OTHER) : values;
    const usedKey = full ? used.join('\u0000') : key;
    const existing = this.#children.get(usedKey);
    if (existing !== undefined) return existing;
    const labels = Object.fromEntries(
      this.#labelNames.map((label, i) => [label, used[i]!]).filter(([, value]) => value !== ''),
    );
    const child = new MetricChild(this.#name, this.#options.type, labels, this.#counters);
    this.#children.set(usedKey, child);
    return child;
  }
}

/** The methods that count for a type. */
export type MetricChildOf<Type extends MetricType> = Type extends 'counter'
  ? Pick<MetricChild, 'add'>
  : Type extends 'histogram'
    ? Pick<MetricChild, 'record'>
    : Pick<MetricChild, 'set' | 'track'>;

function capLength(value: string): string {
  return value.length > MAX_LABEL_VALUE_LENGTH ? OTHER : value;
}
