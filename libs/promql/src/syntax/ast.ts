import type { Matcher } from '../values/matcher.js';

/** A part of the text of a query: UTF-16 units from its beginning, the end not included. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

interface Node {
  readonly span: Span;
}

/** What an expression evaluates to. */
export type ValueType = 'scalar' | 'instant vector' | 'range vector' | 'string';

export type Expression =
  | NumberLiteral
  | StringLiteral
  | VectorSelector
  | RangeSelector
  | Subquery
  | Call
  | Aggregation
  | BinaryExpression
  | UnaryExpression
  | Parenthesized;

export interface NumberLiteral extends Node {
  readonly kind: 'number';
  readonly value: number;
  /** It was written as a duration, and is printed as one: `5m` is 300. */
  readonly isDuration: boolean;
}

export interface StringLiteral extends Node {
  readonly kind: 'string';
  readonly value: string;
}

/** Where in time a selector or subquery looks. */
export interface TimeShift {
  /** `offset 5m`, ms; below 0 into the future. */
  readonly offsetMs: number;
  /** `@ 1609746000`, ms since 1970; `@ start()`, `@ end()`. */
  readonly at?: number | 'start' | 'end';
}

export interface VectorSelector extends Node, TimeShift {
  readonly kind: 'selector';
  /** The name in front of the braces, empty where there is none; it is the last of the matchers, too. */
  readonly name: string;
  readonly matchers: readonly Matcher[];
}

export interface RangeSelector extends Node {
  readonly kind: 'range';
  /** Its shift in time is the range's. */
  readonly selector: VectorSelector;
  readonly rangeMs: number;
}

export interface Subquery extends Node, TimeShift {
  readonly kind: 'subquery';
  readonly expression: Expression;
  readonly rangeMs: number;
  /** Left out: the default interval of evaluation. */
  readonly stepMs?: number;
}

export interface Call extends Node {
  readonly kind: 'call';
  readonly function: string;
  readonly arguments: readonly Expression[];
}

export const AGGREGATIONS = [
  'sum',
  'avg',
  'count',
  'min',
  'max',
  'group',
  'stddev',
  'stdvar',
  'topk',
  'bottomk',
  'count_values',
  'quantile',
] as const;
export type AggregationName = (typeof AGGREGATIONS)[number];

export interface Aggregation extends Node {
  readonly kind: 'aggregation';
  readonly aggregation: AggregationName;
  readonly expression: Expression;
  /** Of `topk`, `bottomk`, `quantile` and `count_values`. */
  readonly parameter?: Expression;
  readonly grouping: readonly string[];
  readonly without: boolean;
}

export const ARITHMETIC = ['+', '-', '*', '/', '%', '^', 'atan2'] as const;
export const COMPARISONS = ['==', '!=', '<', '<=', '>', '>='] as const;
/** Cut observations off native histograms: those above, and those below. */
export const TRIMS = ['</', '>/'] as const;
export const SET_OPERATORS = ['and', 'or', 'unless'] as const;
export type BinaryOperator =
  (typeof ARITHMETIC)[number] | (typeof COMPARISONS)[number] | (typeof TRIMS)[number] | (typeof SET_OPERATORS)[number];

/** How the series of both sides of an operator are matched. */
export interface Matching {
  readonly cardinality: 'one-to-one' | 'many-to-one' | 'one-to-many' | 'many-to-many';
  /** With `on` the labels that count, with `ignoring` (or nothing) those that do not. */
  readonly labels: readonly string[];
  readonly on: boolean;
  /** Of `group_left` and `group_right`: labels taken over from the one side. */
  readonly include: readonly string[];
}

export interface BinaryExpression extends Node {
  readonly kind: 'binary';
  readonly operator: BinaryOperator;
  readonly left: Expression;
  readonly right: Expression;
  /** 0 or 1 in place of filtering. */
  readonly bool: boolean;
  /** Where both sides are vectors. */
  readonly matching?: Matching;
}

export interface UnaryExpression extends Node {
  readonly kind: 'unary';
  readonly operator: '+' | '-';
  readonly expression: Expression;
}

export interface Parenthesized extends Node {
  readonly kind: 'parenthesized';
  readonly expression: Expression;
}
