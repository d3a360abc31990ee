import { QueryFailedError } from '../../errors.js';
import type { BinaryExpression } from '../../syntax/ast.js';
import type { Evaluation, Value } from '../evaluation.js';
import type { Frame } from '../frame.js';
import { evaluateSetOperator } from './set-operators.js';
import { vectorWithVector } from './vector-with-vector.js';
import { scalarWithScalar, vectorWithScalar } from './with-scalar.js';

/** An operator between two values. */
export async function evaluateOperator(
  expression: BinaryExpression,
  left: Value,
  right: Value,
  frame: Frame,
  evaluation: Evaluation,
): Promise<Value> {
  const { operator, span } = expression;
  if (left.type === 'scalar' && right.type === 'scalar')
    return { type: 'scalar', values: scalarWithScalar(expression, left.values, right.values, frame, evaluation) };
  if (left.type === 'vector' && right.type === 'vector') {
    const evaluate =
      operator === 'and' || operator === 'or' || operator === 'unless' ? evaluateSetOperator : vectorWithVector;
    return { type: 'vector', columns: await evaluate(expression, left.columns, right.columns, frame, evaluation) };
  }
  if (left.type === 'vector' && right.type === 'scalar')
    return {
      type: 'vector',
      columns: await vectorWithScalar(expression, left.columns, right.values, false, frame, evaluation),
    };
  if (left.type === 'scalar' && right.type === 'vector')
    return {
      type: 'vector',
      columns: await vectorWithScalar(expression, right.columns, left.values, true, frame, evaluation),
    };
  throw new QueryFailedError(`The operator ${operator} is not for text.`, span);
}
