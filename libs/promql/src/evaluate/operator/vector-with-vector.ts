import { QueryFailedError } from '../../errors.js';
import type { BinaryExpression, Matching } from '../../syntax/ast.js';
import { isEmpty, setFloat, setHistogram, type Column, type NewColumn } from '../column.js';
import type { Evaluation } from '../evaluation.js';
import type { Frame } from '../frame.js';
import { ARITHMETIC_OF, COMPARISON_OF } from './arithmetic.js';
import { histogramElement, isTrim } from './element.js';
import { labelsText } from './labels-text.js';
import { LastNotices } from './last-notices.js';
import { matchGroups, presence, type MatchGroup } from './match-groups.js';
import { resultLabels } from './result-labels.js';

const ONE_TO_ONE: Matching = { cardinality: 'one-to-one', labels: [], on: false, include: [] };

/** One side of many, the other of one for each of their common labels. */
interface Sides {
  readonly many: readonly Column[];
  readonly one: readonly Column[];
}

function sidesOf({ left, right }: MatchGroup, { cardinality }: Matching): Sides {
  return cardinality === 'one-to-many' ? { many: right, one: left } : { many: left, one: right };
}

/** @throws {QueryFailedError} when two of the one side have a value at a step, and any of the other side has */
function checkOneSide(
  { one }: Sides,
  group: MatchGroup,
  matching: Matching,
  anyOfMany: Uint8Array,
  { span }: BinaryExpression,
): void {
  const holder: (Column | undefined)[] = [];
  for (const column of one)
    for (let step = 0; step < anyOfMany.length; step++) {
      if (column.present[step] === 0 || anyOfMany[step] === 0) continue;
      const known = holder[step];
      if (known === undefined) {
        holder[step] = column;
        continue;
      }
      const both = [labelsText(known.labels), labelsText(column.labels)].toSorted((a, b) => (a < b ? -1 : 1));
      const side = matching.cardinality === 'one-to-many' ? 'left' : 'right';
      throw new QueryFailedError(
        `found duplicate series for the match group ${labelsText(group.labels)} on the ${side} hand-side of the ` +
          `operation: [${both.join(', ')}];many-to-many matching not allowed: matching labels must be unique on one side`,
        span,
      );
    }
}

/** Steps at which a result of some labels has been found: there is to be no second. */
class Claims {
  readonly #steps = new Map<string, Uint8Array>();

  constructor(
    private readonly frame: Frame,
    private readonly failure: () => QueryFailedError,
  ) {}

  of(key: string): Uint8Array {
    const known = this.#steps.get(key) ?? new Uint8Array(this.frame.count);
    this.#steps.set(key, known);
    return known;
  }

  claim(steps: Uint8Array, step: number): void {
    if (steps[step] === 1) throw this.failure();
    steps[step] = 1;
  }
}

function failure(matching: Matching, { span }: BinaryExpression): QueryFailedError {
  const text =
    matching.cardinality === 'one-to-one'
      ? 'multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)'
      : 'multiple matches for labels: grouping labels must ensure unique matches';
  return new QueryFailedError(text, span);
}

/** Calculates or compares two columns step by step into a third. */
class PairEvaluator {
  readonly last = new LastNotices();
  readonly #calculate: ((a: number, b: number) => number) | undefined;
  readonly #compare: (a: number, b: number) => boolean;

  constructor(
    private readonly expression: BinaryExpression,
    private readonly frame: Frame,
  ) {
    this.#calculate = ARITHMETIC_OF.get(expression.operator);
    this.#compare = COMPARISON_OF.get(expression.operator) ?? (() => false);
  }

  /** @param found is called at each step that comes to something, before it is known whether a comparison holds */
  evaluate(left: Column, right: Column, result: NewColumn, found: (step: number) => void): void {
    const calculate = this.#calculate;
    const onlyHistograms = isTrim(this.expression.operator);
    for (let step = 0; step < this.frame.count; step++) {
      if (left.present[step] === 0 || right.present[step] === 0) continue;
      if (onlyHistograms || left.histograms?.[step] !== undefined || right.histograms?.[step] !== undefined) {
        this.#ofHistograms(left, right, step, result, found);
        continue;
      }
      found(step);
      const [a, b] = [left.values[step] as number, right.values[step] as number];
      if (calculate !== undefined) setFloat(result, step, calculate(a, b));
      else if (this.expression.bool) setFloat(result, step, this.#compare(a, b) ? 1 : 0);
      else if (this.#compare(a, b)) setFloat(result, step, a);
    }
  }

  #ofHistograms(left: Column, right: Column, step: number, result: NewColumn, found: (step: number) => void): void {
    const { operator, bool, span } = this.expression;
    const a = left.histograms?.[step] ?? (left.values[step] as number);
    const b = right.histograms?.[step] ?? (right.values[step] as number);
    const { histogram, holds, notice } = histogramElement(operator, a, b, span);
    if (notice !== undefined) this.last.set(step, notice);
    if (histogram === undefined) return;
    found(step);
    if (bool) setFloat(result, step, holds ? 1 : 0);
    else if (holds) setHistogram(result, step, histogram);
  }
}

/** An operator that calculates or compares, between two vectors. */
export async function vectorWithVector(
  expression: BinaryExpression,
  left: readonly Column[],
  right: readonly Column[],
  frame: Frame,
  evaluation: Evaluation,
): Promise<readonly Column[]> {
  const matching = expression.matching ?? ONE_TO_ONE;
  const swapped = matching.cardinality === 'one-to-many';
  const groups = matchGroups(left, right, matching);
  const pairs = new PairEvaluator(expression, frame);
  const results: Column[] = [];
  let anyOfMany: Uint8Array | undefined;
  for (const group of groups.values()) {
    const sides = sidesOf(group, matching);
    if (sides.one.length > 1) {
      anyOfMany ??= presence(swapped ? right : left, frame.count);
      checkOneSide(sides, group, matching, anyOfMany, expression);
    }
    const isUnique = sides.many.length === 1;
    const claims = new Claims(frame, () => failure(matching, expression));
    for (const many of sides.many)
      for (const one of sides.one) {
        const labels = resultLabels(expression, matching, many.labels, one.labels, evaluation);
        const result = evaluation.newColumn(frame, labels, expression.bool && evaluation.delaysNameRemoval);
        const claimed = isUnique ? undefined : claims.of(matching.cardinality === 'one-to-one' ? '' : labels.key);
        const found = claimed === undefined ? ignore : (step: number) => claims.claim(claimed, step);
        pairs.evaluate(swapped ? one : many, swapped ? many : one, result, found);
        if (!isEmpty(result)) results.push(result);
        if (evaluation.pace.isDue(frame.count)) await evaluation.pace.pause();
      }
  }
  pairs.last.tell(evaluation.notices);
  return evaluation.joined(frame, results);
}

function ignore(): void {}
