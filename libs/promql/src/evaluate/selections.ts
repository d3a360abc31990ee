import type { Expression, VectorSelector } from '../syntax/ast.js';
import type { SeriesSamples, SeriesSelection, SeriesSource } from '../source/series-source.js';
import { withoutBuckets } from './bucketless.js';
import { firstStepOf, lookedAt, resolvedShift, subqueryFrame, type Frame, type ResolvedShift } from './frame.js';
import type { SampleBudget } from './limits.js';
import type { QueryTimes } from './query.js';

/** What a selector looks at is decided by. */
export interface SelectionPlan {
  readonly times: QueryTimes;
  readonly lookbackMs: number;
  readonly defaultStepMs: number;
  readonly invariant: ReadonlySet<Expression>;
}

interface Reach {
  afterMs: number;
  untilMs: number;
}

/** The steps that a part is evaluated at: where it comes to the same at all of them, that is one. */
export function ownFrame(expression: Expression, frame: Frame, invariant: ReadonlySet<Expression>): Frame {
  return frame.count > 1 && invariant.has(expression) ? firstStepOf(frame) : frame;
}

function widen(reaches: Map<VectorSelector, Reach>, selector: VectorSelector, afterMs: number, untilMs: number): void {
  const known = reaches.get(selector);
  if (known === undefined) reaches.set(selector, { afterMs, untilMs });
  else {
    known.afterMs = Math.min(known.afterMs, afterMs);
    known.untilMs = Math.max(known.untilMs, untilMs);
  }
}

function reachOf(frame: Frame, shift: ResolvedShift, backMs: number): readonly [afterMs: number, untilMs: number] {
  return [lookedAt(frame, 0, shift) - backMs, lookedAt(frame, frame.count - 1, shift)];
}

/** Which time each selector looks at, over all steps. */
export function reachesOf(expression: Expression, outer: Frame, plan: SelectionPlan): Map<VectorSelector, Reach> {
  const reaches = new Map<VectorSelector, Reach>();
  const visit = (part: Expression, around: Frame): void => {
    const frame = ownFrame(part, around, plan.invariant);
    if (frame.count === 0) return;
    switch (part.kind) {
      case 'number':
      case 'string':
        return;
      case 'selector':
        widen(reaches, part, ...reachOf(frame, resolvedShift(part, plan.times), plan.lookbackMs));
        return;
      case 'range':
        widen(reaches, part.selector, ...reachOf(frame, resolvedShift(part.selector, plan.times), part.rangeMs));
        return;
      case 'subquery':
        visit(part.expression, subqueryFrame(frame, part, resolvedShift(part, plan.times), plan.defaultStepMs));
        return;
      case 'call':
        for (const argument of part.arguments) visit(argument, frame);
        return;
      case 'aggregation':
        if (part.parameter !== undefined) visit(part.parameter, frame);
        visit(part.expression, frame);
        return;
      case 'binary':
        visit(part.left, frame);
        visit(part.right, frame);
        return;
      case 'unary':
      case 'parenthesized':
        visit(part.expression, frame);
    }
  };
  visit(expression, outer);
  return reaches;
}

/** Fetches what all selectors look at, at once; what two have in common is fetched once. */
export async function fetchSelections(
  reaches: ReadonlyMap<VectorSelector, Reach>,
  bucketless: ReadonlySet<VectorSelector>,
  source: SeriesSource,
  budget: SampleBudget,
  signal?: AbortSignal,
): Promise<Map<VectorSelector, readonly SeriesSamples[]>> {
  const fetched = new Map<string, Promise<readonly SeriesSamples[]>>();
  const fetchOnce = (selection: SeriesSelection): Promise<readonly SeriesSamples[]> => {
    const key = JSON.stringify(selection);
    const known = fetched.get(key);
    if (known !== undefined) return known;
    const fetching = source.select(selection, signal).then((series) => {
      budget.checkSeries(series.length, 'A selector');
      for (const { times } of series) budget.hold(times.length);
      return series;
    });
    fetched.set(key, fetching);
    return fetching;
  };
  const selected = await Promise.all(
    [...reaches].map(async ([selector, { afterMs, untilMs }]) => {
      const series = await fetchOnce({ matchers: selector.matchers, afterMs, untilMs });
      return [selector, bucketless.has(selector) ? series.map(withoutBuckets) : series] as const;
    }),
  );
  return new Map(selected);
}
