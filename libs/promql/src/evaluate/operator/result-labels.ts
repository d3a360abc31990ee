import type { BinaryExpression, Matching } from '../../syntax/ast.js';
import { Labels, type Label } from '../../values/labels.js';
import { METADATA_LABELS, type Evaluation } from '../evaluation.js';
import { ARITHMETIC_OF } from './arithmetic.js';

/**
 * The labels of what a series on the many side and one on the one side come to: those of the first, but for what is no
 * longer so; matched one to one only those that they were matched by.
 */
export function resultLabels(
  { operator, bool }: BinaryExpression,
  matching: Matching,
  many: Labels,
  one: Labels,
  { delaysNameRemoval }: Evaluation,
): Labels {
  const isUnnamed = ARITHMETIC_OF.has(operator) || (bool && !delaysNameRemoval);
  let labels = isUnnamed ? many.without(METADATA_LABELS) : many;
  if (matching.cardinality === 'one-to-one') {
    const names = new Set(matching.labels);
    labels = matching.on ? labels.only(names) : labels.without(names);
  }
  if (matching.include.length === 0) return labels;
  const included = matching.include.map((name): Label => [name, one.get(name)]);
  return Labels.of([...labels.sorted, ...included]);
}
