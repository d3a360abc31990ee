import { QueryLimitError } from '../errors.js';
import type { QueryLimits } from './query.js';

export const DEFAULT_LIMITS: QueryLimits = { samples: 50_000_000, series: 100_000, steps: 11_000 };

/** How deep an expression may be nested: each level takes some of the stack. */
export const MOST_LEVELS = 1_000;

/** Counts the samples that a query holds at once: those that were selected, and those of results on the way. */
export class SampleBudget {
  held = 0;

  constructor(private readonly limits: QueryLimits) {}

  /** @throws {QueryLimitError} when that is more than the limit: before any memory is taken for it */
  hold(samples: number): void {
    this.held += samples;
    if (this.held > this.limits.samples)
      throw new QueryLimitError(
        'samples',
        `The query holds more than ${this.limits.samples} samples at once (limit "samples"): ` +
          'select fewer series, a shorter time or longer steps.',
      );
  }

  /** @throws {QueryLimitError} when there are more than the limit */
  checkSeries(series: number, of: string): void {
    if (series > this.limits.series)
      throw new QueryLimitError(
        'series',
        `${of} has ${series} series, and the limit "series" is ${this.limits.series}: select or aggregate to fewer.`,
      );
  }

  /** @throws {QueryLimitError} when there are more than the limit */
  checkSteps(steps: number): void {
    if (steps > this.limits.steps)
      throw new QueryLimitError(
        'steps',
        `The range has ${steps} steps, and the limit "steps" is ${this.limits.steps}: ask for longer steps.`,
      );
  }
}
