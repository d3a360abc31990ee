import { RE2JS } from 're2js';
import { QueryFailedError } from '../../errors.js';
import type { Expression } from '../../syntax/ast.js';
import { METRIC_NAME, type Labels } from '../../values/labels.js';
import { bare } from '../bare.js';
import { joinedByLabels, type Column } from '../column.js';
import { isLabelName } from '../label-name.js';
import { expanded } from './replacement.js';

/** The text of an argument that is one. */
function textOf(argument: Expression | undefined): string {
  const inner = argument === undefined ? undefined : bare(argument);
  if (inner?.kind === 'string') return inner.value;
  throw new QueryFailedError('A function of labels takes their names as text.', argument?.span);
}

/** Sets a label of each column; a name that is set is there to stay. */
function relabelled(
  columns: readonly Column[],
  label: string,
  valueFor: (labels: Labels) => string | undefined,
): readonly Column[] {
  const changed = columns.map((column) => {
    const value = valueFor(column.labels);
    if (value === undefined) return column;
    const dropsName = label === METRIC_NAME ? false : column.dropsName;
    return { ...column, labels: column.labels.with(label, value), dropsName };
  });
  return joinedByLabels(changed);
}

function compiled(pattern: string, span: Expression['span'] | undefined): RE2JS {
  try {
    return RE2JS.compile(`^(?s:${pattern})$`);
  } catch {
    throw new QueryFailedError(`invalid regular expression in label_replace(): ${pattern}`, span);
  }
}

/** `label_replace(v, label, replacement, source, pattern)`: where a label matches, another is made of it. */
export function labelReplace(columns: readonly Column[], args: readonly Expression[]): readonly Column[] {
  const [label, replacement, source, pattern] = [1, 2, 3, 4].map((at) => textOf(args[at])) as [
    string,
    string,
    string,
    string,
  ];
  const regex = compiled(pattern, args[4]?.span);
  if (!isLabelName(label))
    throw new QueryFailedError(`invalid destination label name in label_replace(): ${label}`, args[1]?.span);
  const named = new Map(Object.entries(regex.namedGroups()));
  return relabelled(columns, label, (labels) => {
    const matcher = regex.matcher(labels.get(source));
    if (!matcher.matches()) return undefined;
    const groups = Array.from({ length: matcher.groupCount() + 1 }, (_, at) => matcher.group(at) ?? '');
    return expanded(replacement, groups, named);
  });
}

/** `label_join(v, label, separator, source …)`: a label is made of others. */
export function labelJoin(columns: readonly Column[], args: readonly Expression[]): readonly Column[] {
  const [label, separator] = [textOf(args[1]), textOf(args[2])];
  const sources = args.slice(3).map(textOf);
  for (const [at, source] of sources.entries())
    if (!isLabelName(source))
      throw new QueryFailedError(`invalid source label name in label_join(): ${source}`, args[at + 3]?.span);
  if (!isLabelName(label))
    throw new QueryFailedError(`invalid destination label name in label_join(): ${label}`, args[1]?.span);
  return relabelled(columns, label, (labels) => sources.map((source) => labels.get(source)).join(separator));
}
