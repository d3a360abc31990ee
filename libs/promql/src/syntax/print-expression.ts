import { METRIC_NAME } from '../values/labels.js';
import type {
  Aggregation,
  BinaryExpression,
  Expression,
  NumberLiteral,
  Subquery,
  TimeShift,
  VectorSelector,
} from './ast.js';
import { writeDuration } from './duration-text.js';
import { writeNumber } from './number-text.js';
import { quote } from './quoted-text.js';

const PLAIN_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/**
 * An expression on one line, as Prometheus prints it: single spaces, durations and numbers in their shortest form, matchers in
 * the order of their text, `by` in front. Parsed again it is the same, but for the places in the text and the order of matchers.
 * It differs from Prometheus' print in one place: `Inf ^ x` keeps its infinity without a sign, which would bind more weakly.
 */
export function printExpression(expression: Expression): string {
  switch (expression.kind) {
    case 'number':
      return printNumber(expression);
    case 'string':
      return quote(expression.value);
    case 'selector':
      return printSelector(expression) + printShift(expression);
    case 'range': {
      const { selector, rangeMs } = expression;
      return `${printSelector(selector)}[${writeDuration(rangeMs)}]${printShift(selector)}`;
    }
    case 'subquery':
      return printExpression(expression.expression) + printSubqueryTimes(expression);
    case 'call':
      return `${expression.function}(${expression.arguments.map(printExpression).join(', ')})`;
    case 'aggregation': {
      const { parameter } = expression;
      const first = parameter === undefined ? '' : `${printExpression(parameter)}, `;
      return `${printAggregator(expression)}(${first}${printExpression(expression.expression)})`;
    }
    case 'binary': {
      const left = printExpression(expression.left);
      const infinite = expression.operator === '^' && left === '+Inf';
      return `${infinite ? 'Inf' : left} ${printOperator(expression)} ${printExpression(expression.right)}`;
    }
    case 'unary':
      return expression.operator + printExpression(expression.expression);
    case 'parenthesized':
      return `(${printExpression(expression.expression)})`;
  }
}

/** `[1h:1m] @ 5.000 offset 1m` */
export function printSubqueryTimes(subquery: Subquery): string {
  const { rangeMs, stepMs } = subquery;
  return `[${writeDuration(rangeMs)}:${stepMs === undefined ? '' : writeDuration(stepMs)}]${printShift(subquery)}`;
}

/** `sum by (job) ` */
export function printAggregator({ aggregation, grouping, without }: Aggregation): string {
  if (!without && grouping.length === 0) return aggregation;
  return `${aggregation} ${without ? 'without' : 'by'} (${printLabels(grouping)}) `;
}

/** `== bool on (job) group_left (team)` */
export function printOperator({ operator, bool, matching }: BinaryExpression): string {
  let text = bool ? `${operator} bool` : operator;
  if (matching === undefined) return text;
  const { cardinality, labels, on, include } = matching;
  const grouped = cardinality === 'many-to-one' || cardinality === 'one-to-many';
  if (labels.length > 0 || on || grouped) text += ` ${on ? 'on' : 'ignoring'} (${printLabels(labels)})`;
  if (grouped) text += ` group_${cardinality === 'many-to-one' ? 'left' : 'right'} (${printLabels(include)})`;
  return text;
}

function printNumber({ value, isDuration }: NumberLiteral): string {
  if (!isDuration) return writeNumber(value);
  return Object.is(value, -0) ? '-0s' : writeDuration(Math.round(value * 1000));
}

function printSelector({ name, matchers }: VectorSelector): string {
  const printed = matchers
    .filter(
      (matcher) => name === '' || matcher.name !== METRIC_NAME || matcher.operator !== '=' || matcher.value !== name,
    )
    .map(({ name: label, operator, value }) => printLabel(label) + operator + quote(value));
  if (printed.length === 0) return name === '' ? '{}' : name;
  printed.sort(byCodePoint);
  return `${name}{${printed.join(',')}}`;
}

/** Go sorts texts by their bytes of UTF-8, which is by code point. */
function byCodePoint(left: string, right: string): number {
  const [a, b] = [Array.from(left), Array.from(right)];
  const different = a.findIndex((character, index) => character !== b[index]);
  if (different < 0) return a.length - b.length;
  return (a[different]?.codePointAt(0) ?? 0) - (b[different]?.codePointAt(0) ?? -1);
}

function printShift({ at, offsetMs }: TimeShift): string {
  const time = at === undefined ? '' : typeof at === 'string' ? ` @ ${at}()` : ` @ ${(at / 1000).toFixed(3)}`;
  return offsetMs === 0 ? time : `${time} offset ${writeDuration(offsetMs)}`;
}

const printLabel = (name: string): string => (PLAIN_NAME.test(name) ? name : quote(name));
/** Outside of braces `inf` and `nan` are numbers. */
const printLabels = (names: readonly string[]): string =>
  names.map((name) => (/^(inf|nan)$/i.test(name) ? quote(name) : printLabel(name))).join(', ');
