import fc from 'fast-check';
import { FUNCTIONS, type FunctionSignature } from '../check/functions.js';
import {
  AGGREGATIONS,
  ARITHMETIC,
  COMPARISONS,
  SET_OPERATORS,
  TRIMS,
  type Call,
  type Expression,
  type Matching,
  type ValueType,
} from '../syntax/ast.js';
import {
  duration,
  grouping,
  labelOf,
  numberLiteral,
  selectorOf,
  shift,
  textLiteral,
  type Vocabulary,
} from './arbitrary-words.js';
import { aggregate, binary, NOWHERE, subquery, unary } from './canonical.js';

export interface ExpressionRange extends Vocabulary {
  /** What it evaluates to; left out: anything. */
  readonly type?: ValueType;
  /** How many levels of operators and functions, about. Default 4. */
  readonly depth?: number;
}

type Types = { scalar: Expression; vector: Expression; range: Expression; text: Expression };

const MOST_ARGUMENTS = 6;

/**
 * Any valid expression of the language, with everything that it has: printed and parsed it is the same, but for its spans.
 * Selectors are of a vocabulary where one is given, so that they find something.
 */
export function arbitraryExpression(range: ExpressionRange = {}): fc.Arbitrary<Expression> {
  const maxDepth = range.depth ?? 4;
  const {
    scalar,
    vector,
    range: matrix,
    text,
  } = fc.letrec<Types>((tie) => {
    const operands = { scalar: tie('scalar'), vector: tie('vector'), range: tie('range'), text: tie('text') };
    return {
      scalar: fc.oneof({ maxDepth }, numberLiteral, ...scalars(operands)),
      vector: fc.oneof({ maxDepth }, selectorOf(range), ...vectors(operands, range)),
      range: fc.oneof({ maxDepth }, rangeOf(range), ...subqueries(operands)),
      text: textLiteral(),
    };
  });
  const byType = { scalar, string: text, 'instant vector': vector, 'range vector': matrix };
  return range.type === undefined ? fc.oneof(vector, scalar, matrix, text) : byType[range.type];
}

type Operands = { [Name in keyof Types]: fc.Arbitrary<Expression> };

const sign = fc.constantFrom('+' as const, '-' as const);
const parenthesized = (inner: fc.Arbitrary<Expression>): fc.Arbitrary<Expression> =>
  inner.map((expression) => ({ kind: 'parenthesized', expression, span: NOWHERE }));

function scalars({ scalar, ...others }: Operands): fc.Arbitrary<Expression>[] {
  const sides = { left: scalar, right: scalar };
  return [
    calls('scalar', { scalar, ...others }),
    parenthesized(scalar),
    fc.tuple(sign, scalar).map(([operator, operand]) => unary(operator, operand)),
    fc.record({ operator: fc.constantFrom(...ARITHMETIC, ...TRIMS), bool: fc.constant(false), ...sides }).map(binary),
    fc.record({ operator: fc.constantFrom(...COMPARISONS), bool: fc.constant(true), ...sides }).map(binary),
  ];
}

function vectors(operands: Operands, vocabulary: Vocabulary): fc.Arbitrary<Expression>[] {
  const { scalar, vector } = operands;
  const scalarSides = fc.oneof(fc.record({ left: vector, right: scalar }), fc.record({ left: scalar, right: vector }));
  return [
    calls('instant vector', operands),
    aggregations(operands, vocabulary),
    parenthesized(vector),
    fc.tuple(sign, vector).map(([operator, operand]) => unary(operator, operand)),
    fc.tuple(operation, scalarSides).map(([operator, sides]) => binary({ ...operator, ...sides })),
    fc
      .record({ operator: operation, left: vector, right: vector, matching: matchings(vocabulary) })
      .map(({ operator, ...rest }) => binary({ ...operator, ...rest })),
    fc
      .record({
        operator: fc.constantFrom(...SET_OPERATORS),
        bool: fc.constant(false),
        left: vector,
        right: vector,
        matching: matchings(vocabulary).map((matching): Matching => ({
          ...matching,
          cardinality: 'many-to-many',
          include: [],
        })),
      })
      .map(binary),
  ];
}

/** An operator of numbers, and whether it says `bool`. */
const operation = fc.oneof(
  fc.record({ operator: fc.constantFrom(...ARITHMETIC, ...TRIMS), bool: fc.constant(false) }),
  fc.record({ operator: fc.constantFrom(...COMPARISONS), bool: fc.boolean() }),
);

function matchings(vocabulary: Vocabulary): fc.Arbitrary<Matching> {
  const cardinality = fc.constantFrom('one-to-one' as const, 'many-to-one' as const, 'one-to-many' as const);
  const labels = grouping(vocabulary);
  return fc.record({ cardinality, labels, on: fc.boolean(), include: labels }).map((matching) => {
    if (matching.cardinality === 'one-to-one') return { ...matching, include: [] };
    return { ...matching, include: matching.include.filter((label) => !matching.labels.includes(label)) };
  });
}

function rangeOf(vocabulary: Vocabulary): fc.Arbitrary<Expression> {
  return fc
    .record({ selector: selectorOf(vocabulary), rangeMs: duration })
    .map((parts) => ({ kind: 'range', ...parts, span: NOWHERE }));
}

function subqueries({ vector }: Operands): fc.Arbitrary<Expression>[] {
  const step = fc.option(duration, { nil: undefined });
  return [
    fc
      .record({ vector, rangeMs: duration, stepMs: step, times: shift })
      .map(({ vector: inner, rangeMs, stepMs, times }) => {
        return subquery(inner, { rangeMs, ...(stepMs !== undefined && { stepMs }), ...times });
      }),
  ];
}

function aggregations({ scalar, vector }: Operands, vocabulary: Vocabulary): fc.Arbitrary<Expression> {
  return fc
    .record({
      aggregation: fc.constantFrom(...AGGREGATIONS),
      expression: vector,
      number: scalar,
      label: textLiteral(labelOf(vocabulary)),
      labels: grouping(vocabulary),
      without: fc.boolean(),
    })
    .map(({ aggregation, expression, number, label, labels, without }) => {
      const withNumber = aggregation === 'topk' || aggregation === 'bottomk' || aggregation === 'quantile';
      const parameter = aggregation === 'count_values' ? label : withNumber ? number : undefined;
      const parts = { aggregation, expression, grouping: labels, without };
      return aggregate(parameter === undefined ? parts : { ...parts, parameter });
    });
}

function calls(gives: ValueType, { scalar, vector, range, text }: Operands): fc.Arbitrary<Expression> {
  const byType = { scalar, string: text, 'instant vector': vector, 'range vector': range };
  const argumentsOf = ({ takes, atLeast, atMost }: FunctionSignature): fc.Arbitrary<Expression[]> =>
    fc.integer({ min: atLeast, max: Math.min(atMost, MOST_ARGUMENTS) }).chain((count) => {
      const types = Array.from({ length: count }, (_, index) => takes[Math.min(index, takes.length - 1)] ?? 'scalar');
      return fc.tuple(...types.map((type) => byType[type]));
    });
  const signatures = [...FUNCTIONS.values()].filter((signature) => signature.gives === gives);
  return fc.constantFrom(...signatures).chain((signature) =>
    argumentsOf(signature).map((given): Call => {
      return { kind: 'call', function: signature.name, arguments: given, span: NOWHERE };
    }),
  );
}
