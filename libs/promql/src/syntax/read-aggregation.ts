import { QuerySyntaxError } from '../errors.js';
import { AGGREGATIONS, type Aggregation, type Expression } from './ast.js';
import { partsOf, type Phrase, type Phrases } from './phrase.js';
import { readGrouping } from './read-grouping.js';

const WITH_PARAMETER: ReadonlySet<string> = new Set(['topk', 'bottomk', 'quantile', 'count_values']);

/** @param given the arguments, the parameter first @throws QuerySyntaxError where there are too many or too few */
export function readAggregation(phrase: Phrase, given: readonly Expression[], phrases: Phrases): Aggregation {
  const written = phrases.first(phrase).text.toLowerCase();
  const aggregation = AGGREGATIONS.find((name) => name === written);
  if (aggregation === undefined) throw new TypeError(`The grammar has an aggregation that is not known: ${written}.`);
  const span = { from: phrase.from, to: phrase.to };
  const takesParameter = WITH_PARAMETER.has(aggregation);
  const wanted = takesParameter ? 2 : 1;
  const hint = takesParameter
    ? `Write ${aggregation}(${aggregation === 'count_values' ? '"label"' : aggregation === 'quantile' ? '0.9' : '5'}, …).`
    : `Write ${aggregation}(…), of one instant vector.`;
  if (given.length === 0) throw new QuerySyntaxError('no arguments for aggregate expression provided', span, hint);
  const expression = given[wanted - 1];
  if (expression === undefined || given.length !== wanted) {
    const counts = `expected ${wanted}, got ${given.length}`;
    throw new QuerySyntaxError(`wrong number of arguments for aggregate expression provided, ${counts}`, span, hint);
  }
  const modifier = partsOf(phrase).find(({ name }) => name === 'AggregateModifier');
  const labels = modifier?.lastChild;
  return {
    kind: 'aggregation',
    aggregation,
    expression,
    ...(takesParameter && { parameter: given[0] }),
    grouping: labels == null ? [] : readGrouping(labels, phrases),
    without: modifier?.firstChild?.name === 'Without',
    span,
  };
}
