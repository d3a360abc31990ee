import type { Expression, VectorSelector } from '../syntax/ast.js';

/** Functions that ask for the time of the evaluation, or of their argument. */
const TELL_THE_TIME = new Set([
  'days_in_month',
  'day_of_month',
  'day_of_week',
  'day_of_year',
  'end',
  'hour',
  'minute',
  'month',
  'predict_linear',
  'range',
  'start',
  'step',
  'time',
  'timestamp',
  'year',
]);

class TellsTheTime extends Error {}

function pinnedSelector(selector: VectorSelector, at: number): VectorSelector {
  return typeof selector.at === 'number' ? selector : { ...selector, at };
}

function pin(expression: Expression, at: number): Expression {
  switch (expression.kind) {
    case 'number':
    case 'string':
      return expression;
    case 'selector':
      return pinnedSelector(expression, at);
    case 'range':
      return { ...expression, selector: pinnedSelector(expression.selector, at) };
    case 'subquery':
      // What is in it is evaluated at the same times then, whenever the query is.
      return typeof expression.at === 'number' ? expression : { ...expression, at };
    case 'call':
      if (TELL_THE_TIME.has(expression.function)) throw new TellsTheTime();
      return { ...expression, arguments: expression.arguments.map((argument) => pin(argument, at)) };
    case 'aggregation': {
      const { parameter } = expression;
      const pinned = { ...expression, expression: pin(expression.expression, at) };
      return parameter === undefined ? pinned : { ...pinned, parameter: pin(parameter, at) };
    }
    case 'binary':
      return { ...expression, left: pin(expression.left, at), right: pin(expression.right, at) };
    case 'unary':
    case 'parenthesized':
      return { ...expression, expression: pin(expression.expression, at) };
  }
}

/**
 * The same query with every selector and subquery fixed to a time (`@`), so that it comes to the same whenever it is
 * asked. @param at ms since 1970 @returns undefined when a function in it tells the time of the evaluation
 */
export function pinnedTo(expression: Expression, at: number): Expression | undefined {
  try {
    return pin(expression, at);
  } catch (error) {
    if (error instanceof TellsTheTime) return undefined;
    throw error;
  }
}
