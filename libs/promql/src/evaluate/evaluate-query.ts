import { QueryFailedError } from '../errors.js';
import type { Expression } from '../syntax/ast.js';
import { bare } from './bare.js';
import { bucketlessSelectors } from './bucketless.js';
import { evaluateExpression } from './evaluate-expression.js';
import { Evaluation } from './evaluation.js';
import { frameOf, lookedAt, type Frame } from './frame.js';
import { invariantParts } from './invariance.js';
import { DEFAULT_LIMITS, SampleBudget } from './limits.js';
import { Notices } from './notices.js';
import { Pace } from './pace.js';
import type { Query, QueryTimes } from './query.js';
import type { QueryResult, QueryValue } from './query-result.js';
import { queryValue, rangeValue } from './query-value.js';
import { windowedSeriesOf } from './range/evaluate-range-call.js';
import { checkDepth } from './parts.js';
import { fetchSelections, reachesOf } from './selections.js';

const DEFAULT_LOOKBACK_MS = 5 * 60_000;
const DEFAULT_STEP_MS = 60_000;

/**
 * Evaluates an expression at one time, or at each step of a range. First all that it selects is fetched, each selector's
 * samples once and all at the same time; then each part is evaluated for all steps at once.
 *
 * Series come in the order in which they were found, or sorted by `sort` and `topk`; over a range by their labels.
 * @throws {QueryFailedError} when there is no answer with the data that there is
 * @throws {QueryLimitError} over a limit, which it names
 * @throws whatever the source fails with; the signal's reason when that aborts
 */
export async function evaluateQuery(query: Query): Promise<QueryResult> {
  const { expression, times, source, signal } = query;
  const { lookbackMs = DEFAULT_LOOKBACK_MS, defaultStepMs = DEFAULT_STEP_MS } = query;
  signal?.throwIfAborted();
  checkTimes(times, defaultStepMs);
  checkDepth(expression);
  const frame = frameOf(times);
  const budget = new SampleBudget({ ...DEFAULT_LIMITS, ...query.limits });
  budget.checkSteps(frame.count);
  const invariant = invariantParts(expression);
  const reaches = reachesOf(expression, frame, { times, lookbackMs, defaultStepMs, invariant });
  const selected = await fetchSelections(reaches, bucketlessSelectors(expression), source, budget, signal);
  const evaluation = new Evaluation(
    times,
    lookbackMs,
    defaultStepMs,
    query.delayNameRemoval ?? false,
    new Notices(),
    budget,
    new Pace(signal),
    invariant,
    selected,
  );
  const value = await valueOf(expression, frame, 'at' in times, evaluation);
  return { value, annotations: evaluation.notices.all };
}

/** @throws {QueryFailedError} for times that no step can be at */
function checkTimes(times: QueryTimes, defaultStepMs: number): void {
  const all = 'at' in times ? [times.at] : [times.start, times.end, times.stepMs];
  if (!all.every(Number.isFinite)) throw new QueryFailedError(`Times are numbers of milliseconds: ${all.join(', ')}.`);
  if ('stepMs' in times && times.stepMs <= 0)
    throw new QueryFailedError(
      'zero or negative query resolution step widths are not accepted. Try a positive integer',
    );
  if (!(defaultStepMs > 0)) throw new QueryFailedError(`The default step is ${defaultStepMs} ms: it must be above 0.`);
}

async function valueOf(
  expression: Expression,
  frame: Frame,
  isInstant: boolean,
  evaluation: Evaluation,
): Promise<QueryValue> {
  const inner = bare(expression);
  if (inner.kind === 'range' || inner.kind === 'subquery') {
    if (!isInstant)
      throw new QueryFailedError(
        'A range of samples has no single value at each step: use a function of it, as rate(…) or max_over_time(…).',
        inner.span,
      );
    const series = await windowedSeriesOf(inner, frame, evaluation, (part, steps) =>
      evaluateExpression(part, steps, evaluation),
    );
    const until = lookedAt(frame, 0, evaluation.shiftOf(inner.kind === 'range' ? inner.selector : inner));
    return rangeValue(series, until - inner.rangeMs, until, evaluation);
  }
  return queryValue(await evaluateExpression(inner, frame, evaluation), frame, isInstant, evaluation);
}
