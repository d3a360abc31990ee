import fc from 'fast-check';
import type { NumberLiteral, StringLiteral, TimeShift, VectorSelector } from '../syntax/ast.js';
import { msToSeconds } from '../syntax/duration-text.js';
import { METRIC_NAME } from '../values/labels.js';
import type { Matcher } from '../values/matcher.js';
import { printExpression } from '../syntax/print-expression.js';
import { NOWHERE } from './canonical.js';

/** What selectors are made of; without it, of anything that the language allows. */
export interface Vocabulary {
  readonly metrics?: readonly string[];
  readonly labels?: readonly string[];
  readonly values?: readonly string[];
}

/** Words of the language that are names of metrics and labels, too. */
const KEYWORDS = [
  'sum',
  'by',
  'without',
  'and',
  'or',
  'unless',
  'offset',
  'start',
  'end',
  'step',
  'fill',
  'count',
  'rate',
];
const PATTERNS = ['', '.*', '.+', 'a|b', 'x{2}', '[^a-c]+', '(?i)up', 'a\\.b'];

const anyText = fc.string({ unit: 'grapheme', maxLength: 8 });
const anyMetric = fc.oneof(fc.stringMatching(/^[a-z_:][a-zA-Z0-9_:]{3,8}$/), fc.constantFrom(...KEYWORDS));
const anyLabel = fc.oneof(
  { weight: 4, arbitrary: fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,6}$/) },
  { weight: 1, arbitrary: fc.constantFrom(...KEYWORDS, 'on', 'bool', 'inf', 'NaN') },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 }) },
);

const oneOf = (words: readonly string[] | undefined, any: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  words === undefined || words.length === 0 ? any : fc.constantFrom(...words);

export const labelOf = ({ labels }: Vocabulary): fc.Arbitrary<string> => oneOf(labels, anyLabel);

export const grouping = (vocabulary: Vocabulary): fc.Arbitrary<string[]> =>
  fc.uniqueArray(labelOf(vocabulary), { maxLength: 3 });

/** From a ms to some years, mostly of minutes. */
export const duration = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 90 }).map((minutes) => minutes * 60_000) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 1e11 }) },
);

export const shift: fc.Arbitrary<TimeShift> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ offsetMs: 0 }) },
  {
    weight: 2,
    arbitrary: fc.tuple(duration, fc.constantFrom(1, -1)).map(([ms, sign]) => ({ offsetMs: ms * sign })),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      offsetMs: fc.constantFrom(0, 300_000, -1),
      at: fc.oneof(fc.constantFrom('start' as const, 'end' as const), fc.integer({ min: -1e12, max: 4e12 })),
    }),
  },
);

export const numberLiteral: fc.Arbitrary<NumberLiteral> = fc
  .oneof(
    { weight: 4, arbitrary: fc.record({ value: fc.integer({ min: -3, max: 100 }), isDuration: fc.constant(false) }) },
    { weight: 2, arbitrary: fc.record({ value: fc.double(), isDuration: fc.constant(false) }) },
    { weight: 1, arbitrary: fc.record({ value: duration.map(msToSeconds), isDuration: fc.constant(true) }) },
  )
  .map((number) => ({ kind: 'number', ...number, span: NOWHERE }));

export const textLiteral = (text: fc.Arbitrary<string> = anyText): fc.Arbitrary<StringLiteral> =>
  text.map((value) => ({ kind: 'string', value, span: NOWHERE }));

function matcherOf(vocabulary: Vocabulary): fc.Arbitrary<Matcher> {
  const name = labelOf(vocabulary);
  const equal = fc.record({
    name,
    operator: fc.constantFrom('=' as const, '!=' as const),
    value: oneOf(vocabulary.values, anyText),
  });
  const like = fc.record({
    name,
    operator: fc.constantFrom('=~' as const, '!~' as const),
    value: fc.constantFrom(...PATTERNS),
  });
  return fc.oneof({ weight: 2, arbitrary: equal }, { weight: 1, arbitrary: like });
}

const textOf = (matcher: Matcher): string =>
  printExpression({ kind: 'selector', name: '', matchers: [matcher], offsetMs: 0, span: NOWHERE });

/** Its matchers are in the order in which they are printed, the name last. */
export function selectorOf(vocabulary: Vocabulary): fc.Arbitrary<VectorSelector> {
  const others = fc
    .array(matcherOf(vocabulary), { maxLength: 3 })
    .map((matchers) => matchers.filter(({ name }) => name !== METRIC_NAME));
  const metric = oneOf(vocabulary.metrics, anyMetric);
  const anonymous = metric.map((value): Matcher => ({ name: METRIC_NAME, operator: '=', value }));
  return fc
    .record({ metric, others, anonymous, named: fc.integer({ min: 0, max: 5 }), times: shift })
    .map(({ metric: name, others: matchers, anonymous: matcher, named, times }) => {
      const sorted = (all: readonly Matcher[]): Matcher[] =>
        all.toSorted((a, b) => (printsBefore(textOf(a), textOf(b)) ? -1 : 1));
      const base = { kind: 'selector', ...times, span: NOWHERE } as const;
      if (named === 0) return { ...base, name: '', matchers: sorted([...matchers, matcher]) };
      return { ...base, name, matchers: [...sorted(matchers), { name: METRIC_NAME, operator: '=', value: name }] };
    });
}

/** By code points, as the printer does. */
function printsBefore(left: string, right: string): boolean {
  const [a, b] = [Array.from(left), Array.from(right)];
  const at = a.findIndex((character, index) => character !== b[index]);
  if (at < 0) return true;
  return (a[at]?.codePointAt(0) ?? 0) < (b[at]?.codePointAt(0) ?? -1);
}
