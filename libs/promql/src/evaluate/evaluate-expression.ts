import { QueryFailedError } from '../errors.js';
import type { Aggregation, Call, Expression } from '../syntax/ast.js';
import { evaluateAggregation } from './aggregate/evaluate-aggregation.js';
import { bare } from './bare.js';
import type { Column } from './column.js';
import type { Evaluation, Value } from './evaluation.js';
import { firstStepOf, type Frame } from './frame.js';
import { absentColumns } from './function/absent.js';
import { Arguments, evaluateFunction } from './function/evaluate-function.js';
import { evaluateOperator } from './operator/evaluate-operator.js';
import { negated } from './operator/negate.js';
import { evaluateRangeCall, rangeArgument } from './range/evaluate-range-call.js';
import { selectInstant, selectTimestamps } from './select-instant.js';

/** Samples in what was evaluated. */
function sizeOf(value: Value, frame: Frame): number {
  if (value.type === 'scalar') return frame.count;
  return value.type === 'vector' ? value.columns.length * frame.count : 0;
}

/** What comes to one value, at all steps. */
function repeated(value: Value, frame: Frame, evaluation: Evaluation): Value {
  if (value.type === 'string') return value;
  if (value.type === 'scalar')
    return { type: 'scalar', values: evaluation.newScalar(frame).fill(value.values[0] as number) };
  const columns = value.columns.map(({ labels, dropsName, values, histograms }) => {
    const column = evaluation.newColumn(frame, labels, dropsName);
    column.values.fill(values[0] as number);
    column.present.fill(1);
    const histogram = histograms?.[0];
    if (histogram !== undefined) column.histograms = Array.from({ length: frame.count }, () => histogram);
    return column;
  });
  return { type: 'vector', columns };
}

/**
 * What an expression comes to at all steps of a frame. What comes to the same at each is evaluated at one. The expression is
 * no deeper than the limit. @throws {QueryFailedError | QueryLimitError} and the signal's reason
 */
export async function evaluateExpression(expression: Expression, frame: Frame, evaluation: Evaluation): Promise<Value> {
  const { budget, invariant, pace } = evaluation;
  pace.check();
  const before = budget.held;
  const isRepeated = frame.count > 1 && invariant.has(expression) && expression.kind !== 'number';
  const once = isRepeated ? firstStepOf(frame) : frame;
  const result = await evaluateNode(expression, once, evaluation);
  const value = isRepeated ? repeated(result, frame, evaluation) : result;
  budget.held = before;
  budget.hold(sizeOf(value, frame));
  return value;
}

async function evaluateNode(expression: Expression, frame: Frame, evaluation: Evaluation): Promise<Value> {
  switch (expression.kind) {
    case 'number':
      return { type: 'scalar', values: evaluation.newScalar(frame).fill(expression.value) };
    case 'string':
      return { type: 'string', text: expression.value };
    case 'selector':
      return { type: 'vector', columns: await selectInstant(expression, frame, evaluation) };
    case 'parenthesized':
      return evaluateExpression(expression.expression, frame, evaluation);
    case 'call':
      return evaluateCall(expression, frame, evaluation);
    case 'aggregation':
      return evaluateAggregate(expression, frame, evaluation);
    case 'unary': {
      const value = await evaluateExpression(expression.expression, frame, evaluation);
      if (expression.operator === '+') return value;
      if (value.type === 'scalar') return { type: 'scalar', values: value.values.map((number) => -number) };
      if (value.type === 'vector') return { type: 'vector', columns: negated(value.columns, frame, evaluation) };
      throw new QueryFailedError('Text has no sign.', expression.span);
    }
    case 'binary': {
      const left = await evaluateExpression(expression.left, frame, evaluation);
      const right = await evaluateExpression(expression.right, frame, evaluation);
      return evaluateOperator(expression, left, right, frame, evaluation);
    }
    case 'range':
    case 'subquery':
      throw new QueryFailedError(
        'A range is only an argument of a function, or a whole query of one time.',
        expression.span,
      );
  }
}

async function evaluateCall(call: Call, frame: Frame, evaluation: Evaluation): Promise<Value> {
  const evaluate = (part: Expression, steps: Frame): Promise<Value> => evaluateExpression(part, steps, evaluation);
  const range = rangeArgument(call);
  if (range !== undefined) {
    const columns = await evaluateRangeCall(call, range, frame, evaluation, evaluate);
    const isAbsent = call.function === 'absent_over_time';
    return { type: 'vector', columns: isAbsent ? absentColumns(columns, range, frame, evaluation) : columns };
  }
  const [first] = call.arguments;
  const selector = first === undefined ? undefined : bare(first);
  if (call.function === 'timestamp' && selector?.kind === 'selector')
    return { type: 'vector', columns: await timestamps(selector, frame, evaluation) };
  const values: Value[] = [];
  for (const argument of call.arguments) values.push(await evaluate(argument, frame));
  return evaluateFunction(new Arguments(call, values), frame, evaluation);
}

async function timestamps(
  selector: Extract<Expression, { kind: 'selector' }>,
  frame: Frame,
  evaluation: Evaluation,
): Promise<readonly Column[]> {
  return evaluation.joined(frame, await selectTimestamps(selector, frame, evaluation));
}

async function evaluateAggregate(aggregation: Aggregation, frame: Frame, evaluation: Evaluation): Promise<Value> {
  const { parameter, expression, span } = aggregation;
  const size = parameter === undefined ? undefined : await evaluateExpression(parameter, frame, evaluation);
  const value = await evaluateExpression(expression, frame, evaluation);
  if (value.type !== 'vector') throw new QueryFailedError('Only a vector can be aggregated.', span);
  const sizes = size?.type === 'scalar' ? size.values : undefined;
  return {
    type: 'vector',
    columns: await evaluateAggregation(aggregation, sizes, value.columns, frame, evaluation),
  };
}
