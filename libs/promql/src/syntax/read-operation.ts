import { ARITHMETIC, COMPARISONS, SET_OPERATORS, TRIMS, type BinaryOperator, type Matching, type Span } from './ast.js';
import { partsOf, type Phrase, type Phrases } from './phrase.js';
import { readGrouping } from './read-grouping.js';

/** An operator with all that stands between its sides. */
export interface Operation {
  readonly operator: BinaryOperator;
  readonly bool: boolean;
  readonly matching: Matching;
  readonly span: Span;
}

const OPERATORS: ReadonlyMap<string, BinaryOperator> = new Map(
  [...ARITHMETIC, ...COMPARISONS, ...TRIMS, ...SET_OPERATORS].map((operator) => [operator, operator]),
);

/** What stands between the two sides of a BinaryExpr. */
export function readOperation(phrase: Phrase, phrases: Phrases): Operation {
  const [, sign, ...rest] = partsOf(phrase);
  const modifiers = rest.slice(0, -1);
  const operator = sign && OPERATORS.get(phrases.first(sign).text.toLowerCase());
  if (operator === undefined) throw new TypeError('The grammar has an operator that is not known.');
  const clause = modifiers.find(({ name }) => name === 'MatchingModifierClause');
  return {
    operator,
    bool: modifiers.some(({ name }) => name === 'BoolModifier'),
    matching: readMatching(operator, clause, phrases),
    span: { from: sign?.from ?? phrase.from, to: modifiers.at(-1)?.to ?? sign?.to ?? phrase.to },
  };
}

function readMatching(operator: BinaryOperator, clause: Phrase | undefined, phrases: Phrases): Matching {
  const parts = clause === undefined ? [] : partsOf(clause);
  const [labels, include] = parts.filter(({ name }) => name === 'GroupingLabels');
  const has = (name: string): boolean => parts.some((part) => part.name === name);
  const isSet = SET_OPERATORS.some((set) => set === operator);
  return {
    cardinality: has('GroupLeft')
      ? 'many-to-one'
      : has('GroupRight')
        ? 'one-to-many'
        : isSet
          ? 'many-to-many'
          : 'one-to-one',
    labels: labels === undefined ? [] : readGrouping(labels, phrases),
    on: has('On'),
    include: include === undefined ? [] : readGrouping(include, phrases),
  };
}
