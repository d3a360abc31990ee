import { QueryFailedError } from '../../errors.js';
import type { Aggregation } from '../../syntax/ast.js';
import { bare } from '../bare.js';
import { isEmpty, type Column } from '../column.js';
import type { Evaluation } from '../evaluation.js';
import type { Frame } from '../frame.js';
import { countValues } from './count-values.js';
import { count, group, max, min, quantile, stddev, stdvar } from './floats.js';
import type { Fold, FoldNotices } from './fold.js';
import { groupsOf } from './groups.js';
import { topColumns } from './top.js';
import { avg, sum } from './totals.js';

const FOLDS: Readonly<Partial<Record<Aggregation['aggregation'], Fold>>> = {
  sum,
  avg,
  count,
  min,
  max,
  group,
  stddev,
  stdvar,
};

function noticesOf({ aggregation, expression }: Aggregation, { notices }: Evaluation): FoldNotices {
  const { span } = bare(expression);
  return {
    ignored: () => notices.ignoredInAggregation(span, aggregation),
    mixedSamples: () => notices.mixedAggregation(span),
    mixedSchemas: (metric) => notices.mixedSchemas(span, metric),
    counterResetCollision: () => notices.counterResetCollision(span, 'aggregation'),
    boundsReconciled: () => notices.boundsReconciled(span, 'aggregation'),
  };
}

function noteQuantiles(quantiles: Float64Array, { parameter, span }: Aggregation, { notices }: Evaluation): void {
  const at = parameter === undefined ? span : bare(parameter).span;
  let [lowest, highest] = [Infinity, -Infinity];
  for (const value of quantiles) {
    if (Number.isNaN(value)) notices.invalidQuantile(at, NaN);
    highest = Math.max(highest, value);
    lowest = Math.min(lowest, value);
  }
  if (highest > 1) notices.invalidQuantile(at, highest);
  if (lowest < 0) notices.invalidQuantile(at, lowest);
}

function foldOf(aggregation: Aggregation, parameter: Float64Array | undefined, evaluation: Evaluation): Fold {
  const fold = FOLDS[aggregation.aggregation];
  if (fold !== undefined) return fold;
  if (aggregation.aggregation !== 'quantile' || parameter === undefined)
    throw new QueryFailedError(`There is no aggregation ${aggregation.aggregation} so.`, aggregation.span);
  noteQuantiles(parameter, aggregation, evaluation);
  return quantile(parameter);
}

/** Aggregates columns; groups are found once for all steps. @param parameter of each step, where there is one */
export async function evaluateAggregation(
  aggregation: Aggregation,
  parameter: Float64Array | undefined,
  columns: readonly Column[],
  frame: Frame,
  evaluation: Evaluation,
): Promise<readonly Column[]> {
  if (aggregation.aggregation === 'count_values') {
    const counted = await countValues(aggregation, columns, frame, evaluation);
    return evaluation.joined(frame, counted);
  }
  if (aggregation.aggregation === 'topk' || aggregation.aggregation === 'bottomk')
    return topColumns(aggregation, parameter ?? new Float64Array(frame.count), columns, frame, evaluation);
  const fold = foldOf(aggregation, parameter, evaluation);
  const notices = noticesOf(aggregation, evaluation);
  const results: Column[] = [];
  for (const grouped of groupsOf(columns, aggregation)) {
    const dropsName = grouped.columns.some((column) => column.dropsName);
    const result = evaluation.newColumn(frame, grouped.labels, dropsName);
    await fold(grouped, result, notices, evaluation.pace);
    if (!isEmpty(result)) results.push(result);
    if (evaluation.pace.isDue(frame.count * grouped.columns.length)) await evaluation.pace.pause();
  }
  return results;
}
