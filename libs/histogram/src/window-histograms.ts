import { WINDOW_HISTOGRAMS, type TierHistograms, type WindowHistogram } from '#libs/contracts';
import { ExpHistogram } from './exp-histogram.js';

/** The histograms that a cache's tier is watched by, each made when the first value comes. */
export class WindowHistograms {
  readonly #histograms: Partial<Record<WindowHistogram, ExpHistogram>> = {};

  /** Records a value as a whole number: these histograms' sums are integers. */
  record(name: WindowHistogram, value: number): void {
    (this.#histograms[name] ??= new ExpHistogram()).record(Math.round(value));
  }

  /** Whether anything was recorded. */
  get any(): boolean {
    return WINDOW_HISTOGRAMS.some((name) => (this.#histograms[name]?.count ?? 0) > 0);
  }

  merge(other: WindowHistograms): void {
    for (const name of WINDOW_HISTOGRAMS) {
      const more = other.#histograms[name];
      if (more !== undefined && more.count > 0) (this.#histograms[name] ??= new ExpHistogram()).merge(more);
    }
  }

  reset(): void {
    for (const name of WINDOW_HISTOGRAMS) this.#histograms[name]?.reset();
  }

  /** Those that hold something, as they travel. */
  held(): Partial<TierHistograms> {
    return Object.fromEntries(
      WINDOW_HISTOGRAMS.flatMap((name) => {
        const histogram = this.#histograms[name];
        return histogram === undefined || histogram.count === 0 ? [] : [[name, histogram.toData()]];
      }),
    );
  }

  /** All of them. */
  all(): TierHistograms {
    return Object.fromEntries(
      WINDOW_HISTOGRAMS.map((name) => [name, (this.#histograms[name] ?? new ExpHistogram()).toData()]),
    ) as TierHistograms;
  }
}
