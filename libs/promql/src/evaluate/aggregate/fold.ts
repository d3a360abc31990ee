import type { FloatHistogram } from '../../values/float-histogram.js';
import type { Column, NewColumn } from '../column.js';
import type { Pace } from '../pace.js';
import type { Group } from './groups.js';

/**
 * Folds the columns of a group into one. What it holds for each step are arrays, so that a column is gone through from its
 * beginning to its end.
 */
export type Fold = (group: Group, result: NewColumn, notices: FoldNotices, pace: Pace) => void | Promise<void>;

/** What folds have to say. */
export interface FoldNotices {
  /** A histogram was left out. */
  ignored(): void;
  mixedSamples(): void;
  mixedSchemas(metric: string): void;
  counterResetCollision(): void;
  boundsReconciled(): void;
}

/** Calls back with each float, column by column; of histograms it says that they are left out. */
export function eachFloat({ columns }: Group, notices: FoldNotices, take: (value: number, step: number) => void): void {
  for (const { present, values, histograms } of columns)
    for (let step = 0; step < present.length; step++) {
      if (present[step] === 0) continue;
      if (histograms?.[step] === undefined) take(values[step] as number, step);
      else notices.ignored();
    }
}

/** A value at a step, with the column it comes from. */
export interface Sample {
  readonly value: number;
  readonly histogram: FloatHistogram | undefined;
  readonly column: Column;
}

/** All values of a group at a step. */
export function samplesAt({ columns }: Group, step: number): readonly Sample[] {
  const samples: Sample[] = [];
  for (const column of columns)
    if (column.present[step] === 1)
      samples.push({ value: column.values[step] as number, histogram: column.histograms?.[step], column });
  return samples;
}

export function hasHistograms({ columns }: Group): boolean {
  return columns.some(({ histograms }) => histograms !== undefined);
}
