export { arbitraryExpression, type ExpressionRange } from './arbitrary-expression.js';
export { duration as arbitraryDuration, selectorOf as arbitrarySelector, type Vocabulary } from './arbitrary-words.js';
export { withoutSpans } from './without-spans.js';
