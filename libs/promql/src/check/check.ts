import { QuerySyntaxError } from '../errors.js';
import {
  COMPARISONS,
  SET_OPERATORS,
  type Aggregation,
  type BinaryOperator,
  type Call,
  type Expression,
  type Matching,
  type Span,
  type ValueType,
} from '../syntax/ast.js';
import { shorten } from '../syntax/shorten.js';
import { FUNCTIONS, type FunctionSignature } from './functions.js';
import { hintToGet } from './hints.js';
import { valueTypeOf } from './value-type.js';

/** An operator with its sides, and what it says of matching, be its sides vectors or not. */
export interface CheckedBinary {
  readonly operator: BinaryOperator;
  readonly left: Expression;
  readonly right: Expression;
  readonly bool: boolean;
  readonly matching: Matching;
  readonly span: Span;
  readonly operatorSpan: Span;
}

const isOneOf = (operators: readonly string[], operator: string): boolean => operators.includes(operator);
const isOperand = (type: ValueType): boolean => type === 'scalar' || type === 'instant vector';

function expectType(expression: Expression, wanted: ValueType, place: string, context?: string): void {
  const type = valueTypeOf(expression);
  if (type === wanted) return;
  const message = `expected type ${wanted} in ${place}, got ${type}`;
  throw new QuerySyntaxError(message, expression.span, hintToGet(wanted, expression, context));
}

/** @throws QuerySyntaxError for arguments too many, too few, or of another type */
export function checkCall(call: Call): void {
  const signature = FUNCTIONS.get(call.function);
  if (signature === undefined) throw new TypeError(`There is no function ${call.function}.`);
  checkCount(call, signature);
  call.arguments.forEach((argument, index) => {
    const wanted = signature.takes[Math.min(index, signature.takes.length - 1)];
    if (wanted !== undefined) expectType(argument, wanted, `call to function "${call.function}"`, call.function);
  });
}

function checkCount({ function: name, arguments: given, span }: Call, signature: FunctionSignature): void {
  const { atLeast, atMost, takes } = signature;
  const count = given.length;
  if (count >= atLeast && count <= atMost) return;
  const bound = atLeast === atMost ? '' : count < atLeast ? 'at least ' : 'at most ';
  const wanted = count < atLeast ? atLeast : atMost;
  const message = `expected ${bound}${wanted} argument(s) in call to "${name}", got ${count}`;
  const hint = `It is called as ${name}(${takes.join(', ')}${atMost === Infinity ? ', …' : ''}).`;
  throw new QuerySyntaxError(message, span, hint);
}

/** @throws QuerySyntaxError for anything but an instant vector to aggregate, and for a parameter of another type */
export function checkAggregation({ aggregation, expression, parameter }: Aggregation): void {
  expectType(expression, 'instant vector', 'aggregation expression');
  const wanted = aggregation === 'count_values' ? 'string' : 'scalar';
  if (parameter !== undefined) expectType(parameter, wanted, 'aggregation parameter');
}

/** @throws QuerySyntaxError for a sign in front of a string or a range */
export function checkUnary(operator: '+' | '-', expression: Expression, span: Span): void {
  const type = valueTypeOf(expression);
  if (isOperand(type)) return;
  const allowed = 'unary expression only allowed on expressions of type scalar or instant vector';
  const hint = hintToGet('instant vector', expression) ?? `Leave the ${operator} out.`;
  throw new QuerySyntaxError(`${allowed}, got "${type}"`, span, hint);
}

const VALUE_TYPES: Readonly<Record<ValueType, string>> = {
  'instant vector': 'vector',
  'range vector': 'matrix',
  scalar: 'scalar',
  string: 'string',
};

/** @throws QuerySyntaxError for a subquery of anything but an instant vector */
export function checkSubquery(expression: Expression, span: Span): void {
  const type = valueTypeOf(expression);
  if (type === 'instant vector') return;
  const message = `subquery is only allowed on instant vector, got ${VALUE_TYPES[type]} instead`;
  throw new QuerySyntaxError(message, span, hintToGet('instant vector', expression));
}

/** @throws QuerySyntaxError where the sides, or what is said of matching them, do not go with the operator */
export function checkBinary(binary: CheckedBinary): void {
  const { operator, left, right, bool, matching, span, operatorSpan } = binary;
  const [leftType, rightType] = [valueTypeOf(left), valueTypeOf(right)];
  const fail = (message: string, at: Span, hint?: string): never => {
    throw new QuerySyntaxError(message, at, hint);
  };
  const isComparison = isOneOf(COMPARISONS, operator);
  const isSet = isOneOf(SET_OPERATORS, operator);
  if (bool && !isComparison) {
    fail('bool modifier can only be used on comparison operators', operatorSpan, 'Leave bool out.');
  }
  if (isComparison && !bool && leftType === 'scalar' && rightType === 'scalar') {
    fail('comparisons between scalars must use BOOL modifier', operatorSpan, `Write ${operator} bool.`);
  }
  const twice = matching.on ? matching.labels.find((label) => matching.include.includes(label)) : undefined;
  if (twice !== undefined) {
    const hint = 'Leave it out of the group clause: both sides have the same value of it.';
    fail(`label "${shorten(twice)}" must not occur in ON and GROUP clause at once`, operatorSpan, hint);
  }
  for (const [side, type] of [[left, leftType] as const, [right, rightType] as const]) {
    if (isOperand(type)) continue;
    const message = 'binary expression must contain only scalar and instant vector types';
    fail(message, side.span, hintToGet('instant vector', side));
  }
  const vectors = leftType === 'instant vector' && rightType === 'instant vector';
  if (!vectors && matching.labels.length > 0) {
    const hint = 'Leave the labels out: a number goes with every series.';
    fail('vector matching only allowed between instant vectors', span, hint);
  }
  if (vectors && isSet && matching.cardinality !== 'many-to-many') {
    const hint = `Leave ${matching.cardinality === 'many-to-one' ? 'group_left' : 'group_right'} out.`;
    fail(`no grouping allowed for "${operator}" operation`, span, hint);
  }
  if (!vectors && isSet) {
    const scalar = leftType === 'scalar' ? left : right;
    const hint = hintToGet('instant vector', scalar);
    fail(`set operator "${operator}" not allowed in binary scalar expression`, span, hint);
  }
}
