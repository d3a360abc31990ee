import type { Matching } from '../../syntax/ast.js';
import { METRIC_NAME, type Labels } from '../../values/labels.js';
import type { Column } from '../column.js';

/** The columns of both sides that are matched with each other. */
export interface MatchGroup {
  /** The labels that they have in common. */
  readonly labels: Labels;
  readonly left: Column[];
  readonly right: Column[];
}

/** The labels that count when series are matched. */
export function matchLabels(labels: Labels, { on, labels: names }: Matching): Labels {
  return on ? labels.only(new Set(names)) : labels.without(new Set([METRIC_NAME, ...names]));
}

/** Found once for each column, not at each step. O(n) */
export function matchGroups(
  left: readonly Column[],
  right: readonly Column[],
  matching: Matching,
): ReadonlyMap<string, MatchGroup> {
  const groups = new Map<string, MatchGroup>();
  const groupOf = (column: Column): MatchGroup => {
    const labels = matchLabels(column.labels, matching);
    const known = groups.get(labels.key);
    if (known !== undefined) return known;
    const group = { labels, left: [], right: [] };
    groups.set(labels.key, group);
    return group;
  };
  for (const column of left) groupOf(column).left.push(column);
  for (const column of right) groupOf(column).right.push(column);
  return groups;
}

/** The steps at which any of the columns has a value. O(columns · steps) */
export function presence(columns: readonly Column[], steps: number): Uint8Array {
  const [only] = columns;
  if (columns.length === 1 && only !== undefined) return only.present;
  const any = new Uint8Array(steps);
  for (const { present } of columns) for (let step = 0; step < steps; step++) if (present[step] === 1) any[step] = 1;
  return any;
}
