import type { Aggregation } from '../../syntax/ast.js';
import { METRIC_NAME, Labels } from '../../values/labels.js';
import type { Column } from '../column.js';

/** Columns that are aggregated together. */
export interface Group {
  readonly labels: Labels;
  readonly columns: Column[];
}

/** The labels that a result of an aggregation has. @param grouping none twice */
export function groupedLabels(labels: Labels, grouping: ReadonlySet<string>, without: boolean): Labels {
  if (!without) return grouping.size === 0 ? Labels.NONE : labels.only(grouping);
  return labels.without(grouping).without(new Set([METRIC_NAME]));
}

/** In the order in which each group is first seen; decided once for each column, not at each step. O(n) */
export function groupsOf(columns: readonly Column[], { grouping, without }: Aggregation): readonly Group[] {
  const names = new Set(grouping);
  const groups = new Map<string, Group>();
  for (const column of columns) {
    const labels = groupedLabels(column.labels, names, without);
    const group = groups.get(labels.key);
    if (group === undefined) groups.set(labels.key, { labels, columns: [column] });
    else group.columns.push(column);
  }
  return [...groups.values()];
}
