/** The name of a metric is a label. */
export const METRIC_NAME = '__name__';

/** A name and a value. */
export type Label = readonly [name: string, value: string];

/**
 * The labels of a series: sorted by name (code units), no name twice, no empty value, never changed. `key` is the same for
 * equal labels and for no others, so that maps go by it.
 */
export class Labels {
  static readonly NONE = new Labels([]);
  #key: string | undefined;

  /** @param sorted by name, without empty values: nothing is checked; `Labels.of` sorts. */
  private constructor(readonly sorted: readonly Label[]) {}

  /** Of any order; empty values are left out, and of one name twice the last counts. O(n log n) */
  static of(labels: Readonly<Record<string, string>> | Iterable<Label>): Labels {
    const entries = Symbol.iterator in labels ? labels : Object.entries(labels);
    const byName = new Map<string, string>();
    for (const [name, value] of entries) byName.set(name, value);
    const sorted = [...byName].filter(([, value]) => value !== '');
    sorted.sort(([a], [b]) => (a < b ? -1 : 1));
    return sorted.length === 0 ? Labels.NONE : new Labels(sorted);
  }

  get key(): string {
    return (this.#key ??= this.sorted.map(([name, value]) => `${name}\u0000${value}\u0000`).join(''));
  }

  get metricName(): string {
    return this.get(METRIC_NAME);
  }

  /** The empty text where there is none. */
  get(name: string): string {
    for (const [known, value] of this.sorted) if (known === name) return value;
    return '';
  }

  withoutName(): Labels {
    return this.without(new Set([METRIC_NAME]));
  }

  without(names: ReadonlySet<string>): Labels {
    const left = this.sorted.filter(([name]) => !names.has(name));
    return left.length === this.sorted.length ? this : new Labels(left);
  }

  only(names: ReadonlySet<string>): Labels {
    const left = this.sorted.filter(([name]) => names.has(name));
    return left.length === this.sorted.length ? this : new Labels(left);
  }

  /** With one label set, or with the empty value taken away. */
  with(name: string, value: string): Labels {
    return Labels.of([...this.sorted, [name, value]]);
  }

  toObject(): Record<string, string> {
    return Object.fromEntries(this.sorted);
  }
}
